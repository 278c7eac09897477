using Microsoft.Extensions.Logging.Abstractions;

namespace NetKit.Tests.Serving;

/// <summary>Connections that come while the watch finds that none is left: each is looked at all the same.</summary>
public sealed class WatchRaceTests
{
    private const int Rounds = 20_000;
    private const int MostSpins = 200;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_comes_as_the_watch_finds_none_is_looked_at()
    {
        var clock = new HandClock();
        var options = new ConnectionServerOptions { IdleTimeout = TimeSpan.FromHours(1) };
        var rules = WatchRules.Of(options, clock)!;
        var connections = new ServedConnections();
        using var watch = new ConnectionWatch(rules, connections, NullLogger.Instance, clock);
        await using var server = new ConnectionServer(ConnectionListener.CreateInMemory(out _), RunningServer.EchoAsync);
        var (connection, _) = Connection.CreatePair();
        var served = new LimitedConnection(server, connection, default, rules);
        using var together = new Barrier(2);
        var looks = Waiting.OnThread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                together.SignalAndWait();
                clock.Ring();
                together.SignalAndWait();
            }
        });
        var unwatched = 0;
        await Waiting.OnThread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                together.SignalAndWait();
                Thread.SpinWait(round % MostSpins);
                connections.TryReserve(int.MaxValue);
                connections.Add(served);
                watch.OnAdded();
                together.SignalAndWait();
                unwatched += clock.IsSet ? 0 : 1;
                connections.Remove(served);
            }
        });
        await looks;
        Assert.Equal(0, unwatched);
    }

    /// <summary>A clock with one timer, which rings when the test says so.</summary>
    private sealed class HandClock : TimeProvider
    {
        private volatile bool _isSet;
        private Action _ring = static () => { };

        public bool IsSet => _isSet;

        public void Ring()
        {
            _isSet = false;
            _ring();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _ring = () => callback(state);
            return new HandTimer(this);
        }

        private sealed class HandTimer(HandClock clock) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => clock._isSet = true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
