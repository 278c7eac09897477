using System.Net.Sockets;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Chat;

/// <summary>The command line of the chat, and how it begins to serve.</summary>
public sealed class StartTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task Help_is_given_and_nonsense_refused()
    {
        Assert.Contains("--backplane", (await SampleProcess.RunAsync("Chat", "--help")).Output, StringComparison.Ordinal);
        await RefusesAsync("--notice is 5m, but must be shorter than --session, 5m.", "--notice", "5m");
        await RefusesAsync("--notice is 30s, but must be shorter than --session, 1500ms.", "--session", "1.5s");
        await RefusesAsync("--backplane is \"http://x\", but must be redis://host:port", "--backplane", "http://x");
        await RefusesAsync("--backplane is \"redis://ada:secret@localhost:1\", but must be redis://host:port", "--backplane", "redis://ada:secret@localhost:1");
        await RefusesAsync("--backplane is \"redis://localhost:1?ssl=true\", but must be redis://host:port", "--backplane", "redis://localhost:1?ssl=true");
        await RefusesAsync("--backplane is \"redis://localhost:0\", but must be redis://host:port", "--backplane", "redis://localhost:0");
        await RefusesAsync("--queue is \"0\"", "--queue", "0");
        await RefusesAsync("--listen is \"nowhere\"", "--listen", "nowhere");
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("")]
    [InlineData("chat.example")]
    [InlineData("https://chat.example/page")]
    [InlineData("https://chat.example?a=b")]
    public Task An_origin_that_no_page_has_is_refused(string origin) =>
        RefusesAsync($"--origin is \"{origin}\", but must be an origin such as https://chat.example, or *.", "--origin", origin);

    [Fact(Timeout = Watchdog)]
    public async Task An_address_that_cannot_be_listened_at_is_said_in_one_line()
    {
        await using var chat = await RunningChat.StartAsync();
        await FailsAsync($"Chat: listen {chat.Address}: the address is in use already", $"{chat.Address}");
        await FailsAsync("Chat: listen 192.0.2.1:1: the address is not available on this machine", "192.0.2.1:1");

        static async Task FailsAsync(string why, string address)
        {
            var (exitCode, output) = await SampleProcess.RunAsync("Chat", "--listen", address);
            Assert.Equal(1, exitCode);
            Assert.StartsWith(why, output, StringComparison.Ordinal);
            Assert.EndsWith("; choose another with --listen.", output, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', output);
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task It_listens_at_a_Unix_socket_for_a_proxy()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "chat.sock");
        await using var chat = SampleProcess.Start("Chat", "--listen", $"unix:{path}");
        await chat.SaysAsync($"Chatting at unix:{path}. ");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        using var client = new RawClient(socket);
        await client.SendAsync(RawClient.Handshake("/ws?room=No!"));
        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await chat.SaysAsync(@"^\s+a Unix socket was refused: BadName");
    }

    private static async Task RefusesAsync(string why, params string[] options)
    {
        var (exitCode, output) = await SampleProcess.RunAsync("Chat", options);
        Assert.Equal(2, exitCode);
        Assert.Contains(why, output, StringComparison.Ordinal);
    }
}
