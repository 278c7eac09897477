using System.Net;
using System.Text;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Chat;

/// <summary>The LoadTest sample and TLS: each way not to agree on it is said with what helps.</summary>
public sealed class LoadTestTlsTests
{
    private const int Watchdog = 120_000;

    private static readonly string[] s_short = ["--connections", "2", "--duration", "300ms", "--quiet"];

    [Fact(Timeout = Watchdog)]
    public async Task A_certificate_that_nobody_vouches_for_is_refused()
    {
        await using var server = new AwkwardServer(Certificates.Localhost);
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", [$"wss://localhost:{server.EndPoint.Port}/", "--timeout", "30s", .. s_short]);
        Assert.Equal(1, exitCode);
        Assert.Matches(@"(?m)^ +2 x TLS handshake: The remote certificate is invalid.*UntrustedRoot; --insecure takes any$", output);
        Assert.Contains("LoadTest: none of the 2 connections could be opened.", output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Any_certificate_is_taken_where_that_is_asked_for()
    {
        using var certificate = Certificates.Make("elsewhere.example");
        await using var server = new AwkwardServer(certificate);
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", [$"wss://localhost:{server.EndPoint.Port}/", "--timeout", "30s", "--insecure", "--max-errors", "0", "--max-lost", "0", .. s_short]);
        Assert.True(exitCode == 0, output);
        Assert.Contains("2 of 2 connections", output, StringComparison.Ordinal);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("localhost", null)]
    [InlineData("127.0.0.1", "RemoteCertificateNameMismatch; --insecure takes any")]
    public async Task A_certificate_that_is_trusted_holds_for_the_name_it_has(string host, string? complaint)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SSL_CERT_FILE is for OpenSSL.");
        using var folder = new TemporaryFolder();
        var trusted = Path.Combine(folder.Path, "trusted.pem");
        await File.WriteAllTextAsync(trusted, Certificates.Localhost.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await using var server = new AwkwardServer(Certificates.Localhost);
        await using var load = SampleProcess.StartWith("SSL_CERT_FILE", trusted, "LoadTest", [$"wss://{host}:{server.EndPoint.Port}/", "--timeout", "30s", "--max-errors", "0", .. s_short]);
        Assert.Equal(complaint is null ? 0 : 1, await load.ExitAsync());
        Assert.Contains(complaint ?? "2 of 2 connections", load.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_expects_TLS_is_named_as_such()
    {
        await using var server = new AwkwardServer(Certificates.Localhost);
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", [server.Address, "--timeout", "30s", .. s_short]);
        Assert.Equal(1, exitCode);
        Assert.Matches(@"(?m)^ +2 x handshake: .*; a server with TLS is wss://$", output);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "Cannot determine the frame size or a corrupted frame was received")]
    [InlineData("", "closed by the server")]
    [InlineData(null, "timeout")]
    public async Task A_server_that_has_no_TLS_is_named_as_such(string? answer, string how)
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var stop = new CancellationTokenSource();
        var running = new ConnectionServer(listener, async (connection, stopping) =>
        {
            var hello = new byte[4096];
            while (await connection.ReadAsync(hello, stopping) > 0)
            {
                if (answer is not null)
                {
                    await connection.WriteAsync(Encoding.ASCII.GetBytes(answer), stopping);
                    return;
                }
            }
        }).RunAsync(stop.Token);
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", [$"wss://{listener.LocalEndPoint}/", "--timeout", answer is null ? "3s" : "30s", .. s_short]);
        Assert.Equal(1, exitCode);
        Assert.Contains($"2 x TLS handshake: {how}; a server without TLS is ws://", output, StringComparison.Ordinal);
        await stop.CancelAsync();
        await running.Within();
    }
}
