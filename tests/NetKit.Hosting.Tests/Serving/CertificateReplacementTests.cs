using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Hosting.Serving;

/// <summary>A certificate is replaced on disk under a process that serves it, as at the end of its life.</summary>
public sealed class CertificateReplacementTests : IDisposable
{
    private const int Watchdog = 300_000;
    private const int Established = 8;

    private static readonly TimeSpan s_promise = TimeSpan.FromSeconds(1);

    private readonly TemporaryFolder _folder = new();
    private volatile bool _isOver;

    private string CertificatePath => _folder.File("tls.crt");

    private string KeyPath => _folder.File("tls.key");

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = Watchdog)]
    public async Task Kestrel_on_NetKit_serves_it_to_new_connections_within_a_second_and_loses_none()
    {
        Write("first");
        await using var web = SampleProcess.Start("Web", "--port", "0", "--tls", CertificatePath, "--tls-key", KeyPath);
        await ReplaceUnderLoadAsync(web, @"https://\S+:(\d+)/", "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), "Hello, World!"u8.ToArray());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_connection_server_serves_it_to_new_connections_within_a_second_and_loses_none()
    {
        Write("first");
        await using var server = SampleProcess.StartTestProgram(
            "NetKit.Hosting.Tests.Server", "--Server:EndPoint=127.0.0.1:0", $"--Server:CertificatePath={CertificatePath}", $"--Server:CertificateKeyPath={KeyPath}");
        await ReplaceUnderLoadAsync(server, @"serving at port (\d+)", [0], "begun..."u8.ToArray());
    }

    private async Task ReplaceUnderLoadAsync(SampleProcess server, string portPattern, byte[] request, byte[] end)
    {
        var port = int.Parse((await server.SaysAsync(portPattern)).Groups[1].Value, CultureInfo.InvariantCulture);
        var established = await Task.WhenAll(Enumerable.Range(0, Established).Select(_ => ConnectAsync(port)));
        var talking = established.Select(client => Task.Run(() => TalkOnAsync(client, request, end))).ToArray();
        Assert.Equal("first", await ServedAsync());
        foreach (var name in new[] { "second", "third" })
        {
            Write(name);
            var replaced = Stopwatch.GetTimestamp();
            var (age, served) = (TimeSpan.Zero, "");
            while (served != name)
            {
                // A connection that begins a second after is too late to get the old one.
                age = Stopwatch.GetElapsedTime(replaced);
                served = await ServedAsync();
                Assert.True(served == name || age < s_promise, $"The old certificate was served to a client that came {age} after.");
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"The {name} certificate was served to a client that came {age.TotalMilliseconds:0} ms after.");
        }

        _isOver = true;
        Assert.All(await Task.WhenAll(talking).Within(), static answers => Assert.True(answers > 0));
        server.Terminate();
        Assert.Equal(0, await server.ExitAsync());

        async Task<string> ServedAsync()
        {
            await using var client = await ConnectAsync(port);
            await TalkAsync(client, request, end);
            return client.RemoteCertificate is X509Certificate2 certificate ? certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false) : "";
        }
    }

    private static async Task<SslStream> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var asking = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
        };
        await tls.AuthenticateAsClientAsync(asking, TestContext.Current.CancellationToken).Within();
        return tls;
    }

    /// <summary>Asks, and waits for the end of the answer.</summary>
    private static async Task TalkAsync(SslStream client, byte[] request, byte[] end)
    {
        var received = new byte[1024];
        await client.WriteAsync(request).Within();
        for (var length = 0; received.AsSpan(0, length).IndexOf(end) < 0;)
        {
            var more = await client.ReadAsync(received.AsMemory(length)).Within();
            Assert.True(more > 0, "A connection was lost.");
            length += more;
        }
    }

    private async Task<int> TalkOnAsync(SslStream client, byte[] request, byte[] end)
    {
        await using (client)
        {
            var answers = 0;
            for (; !_isOver; answers++)
            {
                await TalkAsync(client, request, end);
            }

            return answers;
        }
    }

    private void Write(string host)
    {
        var (certificate, key) = Certificates.MakePem(host);
        File.WriteAllText(CertificatePath, certificate);
        File.WriteAllText(KeyPath, key);
    }
}
