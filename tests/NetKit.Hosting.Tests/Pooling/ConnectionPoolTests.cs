using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace NetKit.Tests.Hosting.Pooling;

/// <summary>Pools among the services of an application.</summary>
public sealed class ConnectionPoolTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task A_pool_is_found_by_its_name_and_without_one_while_it_is_the_only_one()
    {
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        await using var provider = new ServiceCollection()
            .AddConnectionPool("echo", host.Server().LocalEndPoints[0], options => options.Pool.MaxConnections = 1)
            .BuildServiceProvider();
        var pool = provider.GetRequiredKeyedService<ConnectionPool>("echo");
        Assert.Same(pool, provider.GetRequiredService<ConnectionPool>());
        await EchoAsync(pool).Within();
        await EchoAsync(pool).Within();
        Assert.Equal((1L, 1L), (pool.GetStatistics().Dialed, pool.GetStatistics().Reused));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await pool.WarmUpAsync(2));
        await host.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task Of_several_pools_each_goes_by_its_name_and_none_without()
    {
        await using var provider = new ServiceCollection()
            .AddConnectionPool("one", TestHost.Nobody())
            .AddConnectionPool("two", TestHost.Nobody())
            .BuildServiceProvider();
        Assert.NotSame(provider.GetRequiredKeyedService<ConnectionPool>("one"), provider.GetRequiredKeyedService<ConnectionPool>("two"));
        var exception = Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<ConnectionPool>());
        Assert.Contains("one, two", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddConnectionPool("one", TestHost.Nobody()).AddConnectionPool("one", TestHost.Nobody()));
    }

    [Fact(Timeout = Watchdog)]
    public async Task It_dials_by_the_dialer_of_its_name_or_that_of_the_application()
    {
        var (own, common) = (new NamedDialer("own"), new NamedDialer("common"));
        await using var provider = new ServiceCollection()
            .AddSingleton<IDialer>(common)
            .AddKeyedSingleton<IDialer>("one", own)
            .AddConnectionPool("one", TestHost.Nobody())
            .AddConnectionPool("two", TestHost.Nobody())
            .BuildServiceProvider();
        Assert.Contains("own", await FailureOfAsync("one"), StringComparison.Ordinal);
        Assert.Contains("common", await FailureOfAsync("two"), StringComparison.Ordinal);

        async Task<string> FailureOfAsync(string name) => (await Assert.ThrowsAsync<ConnectionException>(
            async () => await provider.GetRequiredKeyedService<ConnectionPool>(name).AcquireAsync())).Message;
    }

    [Fact(Timeout = Watchdog)]
    public async Task It_is_closed_with_the_application()
    {
        var nobody = TestHost.Nobody();
        var host = await TestHost.StartAsync(services => services.AddConnectionPool("echo", TestHost.Section(("EndPoint", $"{nobody}"), ("MaxConnections", "7"))));
        var pool = host.Services.GetRequiredService<ConnectionPool>();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await pool.WarmUpAsync(8));
        Assert.Equal(ConnectionError.Refused, (await Assert.ThrowsAsync<ConnectionException>(async () => await pool.AcquireAsync())).Error);
        await host.StopAsync().Within();
        host.Dispose();
        Assert.Equal(ConnectionError.Closed, (await Assert.ThrowsAsync<ConnectionException>(async () => await pool.AcquireAsync())).Error);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Nonsense_fails_the_start()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionPool("db", TestHost.Section(("MaxConnections", "1")))));
        Assert.Contains("db: HostedPoolOptions.EndPoint must be set", exception.Message, StringComparison.Ordinal);
        exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionPool("db", new IPEndPoint(IPAddress.Loopback, 0))));
        Assert.Contains("127.0.0.1:0", exception.Message, StringComparison.Ordinal);
        exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionPool("db", TestHost.Nobody(), options => options.Pool.MaxConnections = 0)));
        Assert.Contains("db: ConnectionPoolOptions.MaxConnections must", exception.Message, StringComparison.Ordinal);
        exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionPool("db", TestHost.Section(("EndPoint", "db:1"), ("Size", "1")))));
        Assert.Contains("NetKit:Size is not a setting", exception.Message, StringComparison.Ordinal);
    }

    private static Task<byte[]> EchoAsync(ConnectionPool pool) => pool.UseAsync(async (connection, token) =>
    {
        await connection.WriteAsync("hello"u8.ToArray(), token);
        var echo = new byte[5];
        await connection.ReadExactlyAsync(echo, token);
        return echo;
    }).AsTask();

    private sealed class NamedDialer(string name) : IDialer
    {
        public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
            throw new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: endPoint, detail: name);
    }
}
