using System.Text;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

public sealed class RedisClientTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_bring_back_what_they_should_over_one_connection()
    {
        await using var server = new Server(new MiniRedis().HandleAsync);
        await using var pool = server.Pool();
        var redis = new RedisClient(pool, s_patience);

        await redis.PingAsync(Token);
        Assert.Equal("héllo\r\n", await redis.EchoAsync("héllo\r\n", Token));
        Assert.Null(await redis.GetAsync("key", Token));
        await redis.SetAsync("key", "41", Token);
        Assert.Equal(42, await redis.IncrementAsync("key", Token));
        Assert.Equal("42", await redis.GetAsync("key", Token));
        await redis.DeleteAsync("key", Token);
        Assert.Null(await redis.GetAsync("key", Token));
        Assert.Equal(1, pool.GetStatistics().Dialed);
    }

    [Fact]
    public async Task Refusal_is_told_and_keeps_the_connection()
    {
        await using var server = new Server(new MiniRedis().HandleAsync);
        await using var pool = server.Pool();
        var redis = new RedisClient(pool, s_patience);
        await redis.SetAsync("key", "x", Token);

        var exception = await Assert.ThrowsAsync<RedisErrorException>(() => redis.IncrementAsync("key", Token).AsTask());

        Assert.Contains("ERR value is not an integer", exception.Message, StringComparison.Ordinal);
        Assert.Equal("x", await redis.GetAsync("key", Token));
        Assert.Equal(1, pool.GetStatistics().Dialed);
    }

    [Theory]
    [InlineData("banana\r\n")]
    [InlineData("+PONG\r\n+PONG\r\n")]
    [InlineData(":1\r\n")]
    public async Task Answer_that_makes_no_sense_is_refused(string answer)
    {
        await using var server = new Server(async (connection, stopping) =>
        {
            await connection.WriteAsync(Encoding.UTF8.GetBytes(answer), stopping);
            _ = await connection.ReadAsync(new byte[100], stopping);
        });
        await using var pool = server.Pool();

        await Assert.ThrowsAsync<RespFormatException>(() => new RedisClient(pool, s_patience).PingAsync(Token).AsTask());
    }

    [Theory]
    [InlineData("", "before its answer")]
    [InlineData("+PO", "in the middle of its answer")]
    public async Task Server_that_hangs_up_is_a_failed_connection(string answer, string when)
    {
        await using var server = new Server(async (connection, stopping) =>
        {
            _ = await connection.ReadAsync(new byte[100], stopping);
            await connection.WriteAsync(Encoding.UTF8.GetBytes(answer), stopping);
        });
        await using var pool = server.Pool();

        var exception = await Assert.ThrowsAsync<ConnectionException>(() => new RedisClient(pool, s_patience).PingAsync(Token).AsTask());

        Assert.Equal(ConnectionError.Reset, exception.Error);
        Assert.Contains(when, exception.Message, StringComparison.Ordinal);
        await Eventually.Equal(1, () => pool.GetStatistics().Closed);
    }

    [Fact]
    public async Task Silence_ends_at_the_deadline_and_the_late_answer_meets_nobody()
    {
        await using var server = new Server(new MiniRedis(async (connection, command, answer) =>
        {
            if (answer is RespValue.Bulk { Text: "late" })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), Token);
            }

            await connection.WriteAsync(RespEncoder.Encode(answer), Token);
            return true;
        }).HandleAsync);
        await using var pool = server.Pool();

        await Assert.ThrowsAsync<DeadlineExceededException>(
            () => new RedisClient(pool, TimeSpan.FromMilliseconds(50)).EchoAsync("late", Token).AsTask());

        Assert.Equal("prompt", await new RedisClient(pool, s_patience).EchoAsync("prompt", Token));
        Assert.Equal(2, pool.GetStatistics().Dialed);
    }

    /// <summary>A server in memory.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly ConnectionListener _listener;
        private readonly ConnectionServer _server;
        private readonly IDialer _dialer;

        public Server(Func<Connection, CancellationToken, Task> handler)
        {
            _listener = ConnectionListener.CreateInMemory(out _dialer);
            _server = new ConnectionServer(_listener, handler);
            _ = _server.RunAsync(CancellationToken.None);
        }

        public ConnectionPool Pool() => new(_dialer, _listener.LocalEndPoint, new ConnectionPoolOptions { MaxConnections = 1 });

        public async ValueTask DisposeAsync()
        {
            await _server.DisposeAsync();
            await _listener.DisposeAsync();
        }
    }
}
