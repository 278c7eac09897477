using System.Diagnostics;
using System.Globalization;

namespace NetKit.Tests.Stress;

/// <summary>Runs the clients of a program in a process of their own, which also looks at the server's from outside.</summary>
internal static class ClientProcess
{
    /// <summary>Runs it to its end. It prints what it finds itself.</summary>
    public static async Task RunAsync(string program, params (string Name, double Value)[] arguments)
    {
        // The program itself, and not the "dotnet" that may be running it.
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "NetKit.Tests.Stress"), [program]);
        foreach (var (name, value) in arguments)
        {
            start.ArgumentList.Add($"--{name}");
            start.ArgumentList.Add(value.ToString(CultureInfo.InvariantCulture));
        }

        using var process = Process.Start(start)!;
        await process.WaitForExitAsync().ConfigureAwait(false);
        if (process.ExitCode != 0)
        {
            Findings.Report($"The clients ended with exit code {process.ExitCode}.");
        }
    }
}
