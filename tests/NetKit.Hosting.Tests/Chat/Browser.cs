using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NetKit.Tests.Chat;

/// <summary>A headless Chromium with one page, driven by its DevTools protocol. Skips the test where there is none.</summary>
internal sealed partial class Browser : IAsyncDisposable
{
    private static readonly HttpClient s_http = new();

    private readonly Process _process;
    private readonly TemporaryFolder _profile;
    private readonly ClientWebSocket _socket = new();
    private int _commands;

    private Browser(Process process, TemporaryFolder profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Opens a page in a window of a size, in CSS pixels.</summary>
    public static async Task<Browser> OpenAsync(Uri page, int width, int height)
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(static folder => new[] { Path.Combine(folder, "chromium"), Path.Combine(folder, "google-chrome") })
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "There is no chromium in the PATH: apt-get install chromium.");
        var profile = new TemporaryFolder();
        var process = Process.Start(new ProcessStartInfo(program!,
        [
            "--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={profile.Path}", "--remote-debugging-port=0", "--remote-allow-origins=*", "about:blank",
        ]) { RedirectStandardError = true })!;
        var browser = new Browser(process, profile);
        var match = Match.Empty;
        while (!match.Success)
        {
            var line = await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within();
            Assert.True(line is not null, "The browser ended at once.");
            match = Listening().Match(line);
        }

        _ = process.StandardError.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
        var targets = await s_http.GetFromJsonAsync<JsonElement>($"http://{match.Groups[1].Value}/json", TestContext.Current.CancellationToken);
        var target = targets.EnumerateArray().First(static target => target.GetProperty("type").GetString() == "page");
        await browser._socket.ConnectAsync(new Uri(target.GetProperty("webSocketDebuggerUrl").GetString()!), CancellationToken.None).Within();
        await browser.CommandAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = width < 600 });
        await browser.CommandAsync("Page.navigate", new { url = page.ToString() });
        await browser.UntilAsync("document.readyState === 'complete' && location.href !== 'about:blank'");
        return browser;
    }

    /// <summary>Runs JavaScript on the page.</summary>
    public async Task<JsonElement> RunAsync(string script)
    {
        var result = (await CommandAsync("Runtime.evaluate", new { expression = script, returnByValue = true })).GetProperty("result").GetProperty("result");
        return result.TryGetProperty("value", out var value) ? value : default;
    }

    /// <summary>Waits until JavaScript says so.</summary>
    public Task UntilAsync(string condition) =>
        Eventually.True(() => RunAsync($"!!({condition})").GetAwaiter().GetResult() is { ValueKind: JsonValueKind.True }, condition);

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _profile.Dispose();
    }

    private async Task<JsonElement> CommandAsync(string method, object parameters)
    {
        var id = ++_commands;
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters }), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Within();
        while (true)
        {
            using var message = new MemoryStream();
            ValueWebSocketReceiveResult part;
            var buffer = new byte[16_384];
            do
            {
                part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).Within();
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);

            var answer = JsonDocument.Parse(Encoding.UTF8.GetString(message.ToArray())).RootElement;
            if (answer.TryGetProperty("id", out var answered) && answered.GetInt32() == id)
            {
                return answer;
            }
        }
    }

    [GeneratedRegex(@"DevTools listening on ws://([^/]+)/")]
    private static partial Regex Listening();
}
