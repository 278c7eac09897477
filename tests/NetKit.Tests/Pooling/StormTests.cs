using System.Collections.Concurrent;
using System.Net;

namespace NetKit.Tests.Pooling;

/// <summary>Everything at once: whatever users, checks, dialers and peers do in whatever order, the books balance in the end.</summary>
public sealed class StormTests
{
    private const int Users = 12;

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(1, 1, 0, 1)]
    [InlineData(2, 1, 1, 1)]
    [InlineData(3, 3, 2, 1)]
    [InlineData(4, 3, 3, 8)]
    [InlineData(5, 32, 0, 4)]
    public async Task Nothing_is_lost_or_shared_or_beyond_the_limit_whatever_happens(int seed, int most, int minIdle, int dials)
    {
        var storm = new Storm(seed, most, minIdle, dials);
        var users = Enumerable.Range(0, Users).Select(user => Task.Run(() => storm.UseAsync(new Random((100 * seed) + user)))).ToArray();

        // Some of them go on when the pool is disposed.
        await Task.WhenAny(Task.WhenAll(users), Eventually.True(() => storm.Steps > Users * 150, "the storm goes on"));
        await storm.Pool.DisposeAsync().AsTask().Within();
        await Task.WhenAll(users).Within();

        var statistics = storm.Pool.GetStatistics();
        Assert.Equal((0, 0, 0, 0), (statistics.Idle, statistics.Leased, statistics.Dialing, statistics.Waiting));
        Assert.Equal(statistics.Dialed, statistics.Closed);
        Assert.Equal(0, statistics.Leaked);
        Assert.Equal(storm.Brought, statistics.Dialed);
        Assert.Equal(0, storm.Open);
        Assert.Empty(storm.Faults);
    }

    private sealed class Storm : IDialer
    {
        private readonly ConcurrentDictionary<Connection, bool> _held = new();
        private readonly ConcurrentQueue<Connection> _servers = new();
        private readonly int _most;
        private int _steps;

        public Storm(int seed, int most, int minIdle, int dials)
        {
            _most = most;
            Pool = new ConnectionPool(
                this,
                PoolDialer.EndPoint,
                new ConnectionPoolOptions
                {
                    MaxConnections = most,
                    MinIdle = minIdle,
                    MaxConcurrentDials = dials,
                    MaxWaiters = seed % 2 == 0 ? 4 : 1_000,
                    AcquireTimeout = TimeSpan.FromMilliseconds(20),
                    ConnectionLifetime = TimeSpan.FromMilliseconds(100),
                    LifetimeJitter = 1,
                    IdleTimeout = TimeSpan.FromMilliseconds(5),
                    ProbeAfterIdle = TimeSpan.Zero,
                    DrainTimeout = TimeSpan.FromMilliseconds(30),
                    Validate = CheckAsync,
                });
        }

        public ConnectionPool Pool { get; }

        public int Steps => Volatile.Read(ref _steps);

        public int Brought => _servers.Count;

        public int Open => _servers.Count(static server => server.CheckIdle(ask: true) is not (IdleState.Ended or IdleState.Closed));

        /// <summary>What must never be.</summary>
        public ConcurrentQueue<string> Faults { get; } = new();

        public async ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken)
        {
            switch (Random.Shared.Next(8))
            {
                case 0:
                    throw new InvalidProgramException("on purpose");
                case 1:
                    await Task.Delay(1, cancellationToken);
                    throw PoolDialer.Refused();
                case 2:
                    await Task.Delay(3, CancellationToken.None);
                    break;
                case 3:
                    await Task.Delay(3, cancellationToken);
                    break;
            }

            var (client, server) = Connection.CreatePair();
            _servers.Enqueue(server);
            if (Open > _most)
            {
                Faults.Enqueue($"{Open} connections are open, {_most} are allowed");
            }

            return client;
        }

        public async Task UseAsync(Random random)
        {
            for (var step = 0; step < 300; step++)
            {
                Interlocked.Increment(ref _steps);
                using var source = new CancellationTokenSource();
                if (random.Next(4) == 0)
                {
                    source.CancelAfter(TimeSpan.FromMilliseconds(random.Next(4)));
                }

                try
                {
                    await DoAsync(random, source).Within();
                }
                catch (Exception exception) when (exception is ConnectionException or OperationCanceledException or FormatException)
                {
                    // The ways in which things may fail here.
                }
            }
        }

        private async Task DoAsync(Random random, CancellationTokenSource source)
        {
            switch (random.Next(12))
            {
                case 0 when random.Next(8) == 0:
                    Pool.Clear();
                    return;
                case 1 when random.Next(4) == 0:
                    await Pool.WarmUpAsync(random.Next(_most + 1), source.Token);
                    return;
                case 2:
                    await Pool.UseAsync(static (_, _) => throw new FormatException("on purpose"), source.Token);
                    return;
                case 3:
                    await Pool.UseAsync(ReadAsync, source.Token);
                    return;
            }

            var lease = await Pool.AcquireAsync(source.Token);
            Connection connection;
            try
            {
                connection = lease.Connection;
            }
            catch (InvalidOperationException)
            {
                Faults.Enqueue("a lease has ended before its user had it");
                return;
            }

            Take(connection);
            if (random.Next(3) == 0)
            {
                await Task.Delay(random.Next(3), CancellationToken.None);
            }

            if (random.Next(8) == 0)
            {
                connection.Abort();
            }

            Leave(connection);
            switch (random.Next(6))
            {
                case 0:
                    await lease.DisposeAsync();
                    break;
                case 1:
                    var ends = new[] { Task.Run(() => TryReturn(lease)), Task.Run(() => TryReturn(lease)) };
                    if ((await Task.WhenAll(ends)).Count(static ended => ended) != 1)
                    {
                        Faults.Enqueue("a lease has not ended once");
                    }

                    break;
                case 2:
                    await Task.WhenAll(Task.Run(() => TryReturn(lease)), lease.DisposeAsync().AsTask());
                    break;
                default:
                    lease.Return();
                    break;
            }
        }

        private async ValueTask ReadAsync(Connection connection, CancellationToken token)
        {
            Take(connection);
            try
            {
                connection.ReadTimeout = 2;
                await connection.ReadExactlyAsync(new byte[1], token);
            }
            finally
            {
                Leave(connection);
            }
        }

        private async ValueTask<bool> CheckAsync(Connection connection, CancellationToken token)
        {
            Take(connection);
            try
            {
                switch (Random.Shared.Next(12))
                {
                    case 0:
                        return false;
                    case 1:
                        throw new FormatException("on purpose");
                    case 2:
                        await Task.Delay(Timeout.Infinite, token);
                        return true;
                    case 3:
                        connection.SetDeadline(Deadline.After(TimeSpan.FromMilliseconds(1)));
                        await Task.Delay(1, token);
                        return true;
                    default:
                        return true;
                }
            }
            finally
            {
                Leave(connection);
            }
        }

        private void Take(Connection connection)
        {
            if (!_held.TryAdd(connection, true))
            {
                Faults.Enqueue("a connection is in two hands");
            }
        }

        private void Leave(Connection connection) => _held.TryRemove(connection, out _);

        private static bool TryReturn(ConnectionLease lease)
        {
            try
            {
                lease.Return();
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }
    }
}
