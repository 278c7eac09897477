using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.SignalR.Client;

namespace NetKit.Tests.Samples;

public sealed class WebTests
{
    private const int Watchdog = 120_000;

    [Theory(Timeout = Watchdog)]
    [InlineData("netkit", "Serving on NetKit")]
    [InlineData("kestrel", "Serving on Kestrel's own transport")]
    public async Task It_serves_every_protocol_on_either_transport_and_stops_when_told(string transport, string said)
    {
        await using var web = SampleProcess.Start("Web", "--transport", transport, "--port", "0");
        await web.SaysAsync(said);
        var plain = (await web.SaysAsync(@"curl (http://\S+/)plaintext")).Groups[1].Value;
        var tls = (await web.SaysAsync(@"curl -k --http2 (https://\S+/)plaintext")).Groups[1].Value;
        var http2 = (await web.SaysAsync(@"curl --http2-prior-knowledge (http://\S+/)plaintext")).Groups[1].Value;
        await web.SaysAsync("Ctrl\\+C");

        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true };
        using var client = new HttpClient(handler);
        Assert.Equal("Hello, World!", await TextAsync(client, plain, HttpVersion.Version11));
        Assert.Equal("Hello, World!", await TextAsync(client, tls, HttpVersion.Version11));
        Assert.Equal("Hello, World!", await TextAsync(client, tls, HttpVersion.Version20));
        Assert.Equal("Hello, World!", await TextAsync(client, http2, HttpVersion.Version20));
        Assert.Contains("<title>", await client.GetStringAsync(new Uri(plain)).Within(), StringComparison.Ordinal);
        using var notASocket = await client.GetAsync(new Uri(plain + "ws")).Within();
        Assert.Equal(HttpStatusCode.BadRequest, notASocket.StatusCode);

        using (var socket = new ClientWebSocket())
        {
            await socket.ConnectAsync(new Uri(plain.Replace("http", "ws", StringComparison.Ordinal) + "ws"), CancellationToken.None).Within();
            await socket.SendAsync("echo"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Within();
            var buffer = new byte[10];
            var echo = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).Within();
            Assert.Equal("echo", Encoding.ASCII.GetString(buffer, 0, echo.Count));
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Within();
        }

        await using (var hub = new HubConnectionBuilder().WithUrl(new Uri(plain + "hub")).Build())
        {
            await hub.StartAsync().Within();
            Assert.Equal("echo", await hub.InvokeAsync<string>("Echo", "echo").Within());
        }

        web.Terminate();
        Assert.Equal(0, await web.ExitAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task Help_is_given_and_nonsense_refused()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("Web", "--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("--transport", output, StringComparison.Ordinal);
        (exitCode, output) = await SampleProcess.RunAsync("Web", "--transport", "pigeon");
        Assert.Equal(2, exitCode);
        Assert.Contains("netkit or kestrel", output, StringComparison.Ordinal);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("netkit")]
    [InlineData("kestrel")]
    public async Task Port_in_use_is_one_clear_sentence_and_exit_code_1(string transport)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // the highest that is given out leaves room for two more
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        taken.Listen();

        var (exitCode, output) = await SampleProcess.RunAsync("Web", "--transport", transport, "--port", $"{port}");

        Assert.Equal(1, exitCode);
        Assert.Matches($@"^Web: [^\n]*127\.0\.0\.1:{port}[^\n]* in use; [^\n]*--port$", output);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Certificate_that_is_not_there_is_one_clear_sentence_and_exit_code_1()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("Web", "--port", "0", "--tls", "/nowhere/none.pem");

        Assert.Equal(1, exitCode);
        Assert.Matches(@"^Web: no certificate: [^\n]*none\.pem[^\n]*$", output);
    }

    private static async Task<string> TextAsync(HttpClient client, string address, Version version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address + "plaintext") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.SendAsync(request).Within();
        Assert.Equal(version, answer.Version);
        return await answer.Content.ReadAsStringAsync();
    }
}
