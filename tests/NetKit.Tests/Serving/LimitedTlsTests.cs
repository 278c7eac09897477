using System.Net.Security;

namespace NetKit.Tests.Serving;

/// <summary>Where limits, handshakes and the watch over connections meet.</summary>
public sealed class LimitedTlsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ConnectionServerOptions WithTls => new() { Tls = new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost } };

    [Theory]
    [InlineData(ConnectionLimitMode.Wait)]
    [InlineData(ConnectionLimitMode.Reject)]
    public async Task What_a_client_got_at_the_door_is_given_back_once_however_it_ends(ConnectionLimitMode mode)
    {
        await using var limiter = new CountingLimiter();
        var options = WithTls;
        (options.AcceptLimiter, options.MaxConnections, options.LimitMode) = (limiter, 1, mode);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        for (var round = 1; round <= 3; round++)
        {
            // Fails in its handshake: what it held is there for the next.
            var plain = await server.DialAsync();
            await plain.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Token);
            while (await Talk.TryReadByteAsync(plain) >= 0)
            {
                // The alert.
            }

            await Eventually.Equal(((2 * round) - 1, 0), () => (limiter.Returned, server.Server.Prefaces!.Count));
            await using (await server.DialTlsAsync())
            {
                Assert.Equal((2 * round) - 1, limiter.Returned);
            }

            await Eventually.Equal((2 * round, 0), () => (limiter.Returned, server.Server.ActiveConnections));
        }

        Assert.Equal(6, limiter.Given);
    }

    [Fact]
    public async Task A_client_in_its_handshake_takes_a_place_of_the_limit()
    {
        var options = WithTls;
        (options.MaxConnections, options.LimitMode) = (1, ConnectionLimitMode.Reject);
        var log = new RecordingLogger();
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options, log);
        var silent = await server.DialAsync();
        await Eventually.Equal(1, () => server.Server.Prefaces!.Count);
        Assert.Equal(-1, await server.AskAsync());

        // At the door, and not because what it sent is no TLS.
        Assert.Equal((1, 0), (log.CountOf(206), log.CountOf(220)));
        silent.Abort();
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        await using var next = await server.DialTlsAsync();
    }

    [Fact]
    public async Task An_idle_client_of_tls_is_reset_and_its_handler_is_told_why()
    {
        var failure = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = WithTls;
        options.IdleTimeout = TimeSpan.FromMilliseconds(300);
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) => failure.SetResult(await Record.ExceptionAsync(() => RunningServer.EchoAsync(connection, stopping))),
            options);
        var client = await server.DialTlsAsync();
        var exception = Assert.IsType<ConnectionException>(await failure.Task.Within());
        Assert.Equal(ConnectionError.TimedOut, exception.Error);
        Assert.Contains("ConnectionServerOptions.IdleTimeout", exception.Message, StringComparison.Ordinal);
        Assert.Equal(-1, await Talk.TryReadByteAsync(client));
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
    }
}
