using System.Diagnostics;
using System.Text.Json;

namespace NetKit.Benchmarks;

/// <summary>Puts load on a chat by the LoadTest sample, a process of its own.</summary>
internal static class Load
{
    private const string Sources = "40"; // one address has too few ports for what was just closed and what is opened

    /// <summary>Has a few clients hear some thousand messages, until all is compiled and what is loaded once is loaded.</summary>
    public static void WarmUp(ChatProcess chat) => Run(chat, 200, 0, 3, ["--mode", "broadcast", "--senders", "5", "--rate", "100"]);

    /// <summary>Runs it to its end, looking in at the middle of the measured time.</summary>
    public static JsonElement Run(ChatProcess chat, int connections, int rampUp, int seconds, string[] options, Action? halfway = null)
    {
        var file = Path.GetTempFileName();
        try
        {
            string[] line =
            [
                ChatKind.PathOf("../samples/LoadTest/bin/Release/net10.0/LoadTest.dll"), $"ws://127.0.0.1:{chat.Port}/ws", "--quiet", "--json", file,
                "--connections", $"{connections}", "--ramp-up", rampUp == 0 ? "none" : $"{rampUp}s", "--duration", $"{seconds}s", "--sources", Sources, "--timeout", "30s", .. options,
            ];
            using var process = Process.Start(new ProcessStartInfo("dotnet", line) { RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEndAsync();
            if (halfway is not null && !process.WaitForExit(TimeSpan.FromSeconds(rampUp + (seconds / 2.0))))
            {
                halfway();
            }

            process.WaitForExit();
            Console.Error.WriteLine($"{chat.Kind.Name}{output.Result}");
            return JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
