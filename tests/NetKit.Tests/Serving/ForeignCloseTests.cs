namespace NetKit.Tests.Serving;

public sealed class ForeignCloseTests
{
    [Fact]
    public async Task A_full_server_too_drains_when_somebody_else_closes_its_listener()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 1 });
        await server.DialServedAsync();
        await server.Listener.DisposeAsync();
        Assert.Equal(new DrainResult(1, 0), await server.Run.Within());
    }

    [Fact]
    public async Task A_callback_on_the_token_that_never_returns_does_not_hold_a_disposed_server_for_ever()
    {
        using var release = new ManualResetEventSlim();
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                await using var registration = stopping.Register(release.Wait);
                await RunningServer.EchoAsync(connection, CancellationToken.None);
            },
            new ConnectionServerOptions { DrainTimeout = TimeSpan.FromMilliseconds(50) });
        await server.DialServedAsync();
        try
        {
            await server.Server.DisposeAsync().Within();
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public async Task A_callback_on_the_token_that_never_returns_does_not_hold_the_drain_after_a_foreign_close()
    {
        using var release = new ManualResetEventSlim();
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                await using var registration = stopping.Register(release.Wait);
                await RunningServer.EchoAsync(connection, CancellationToken.None);
            },
            new ConnectionServerOptions { DrainTimeout = TimeSpan.FromMilliseconds(50) });
        await server.DialServedAsync();
        try
        {
            await server.Listener.DisposeAsync();
            await server.Run.Within();
        }
        finally
        {
            release.Set();
        }
    }
}
