using System.Collections.Concurrent;
using System.Threading.Channels;

namespace NetKit.Tests.Schedules;

/// <summary>A pool as one writes it first, on a channel and counters. Broken: each of its steps is right, and what is between them is not.</summary>
internal sealed class ChannelPool(Ledger ledger, int limit, TimeSpan patience) : PoolUnderTest(ledger)
{
    private readonly ConcurrentStack<Connection> _idle = new();
    private readonly Channel<Connection?> _handOff = Channel.CreateUnbounded<Connection?>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
    private TimeSpan _now;
    private int _open;
    private int _waiting;
    private bool _isDisposed;

    public override Asked Ask(CancellationToken cancellationToken = default) => new Acquiring(AcquireAsync(cancellationToken));

    public override void Return(Asked asked)
    {
        var connection = asked.Connection!;
        Ledger.Give(connection);
        Schedule.Point();
        if (_isDisposed)
        {
            Close(connection);
            return;
        }

        // T27: the pool may be disposed here, and then nobody closes what comes back.
        Schedule.Point();
        Offer(connection);
    }

    public override void Discard(Asked asked)
    {
        // T8: there is room now, and nobody who waits hears of it.
        Ledger.Give(asked.Connection!);
        Close(asked.Connection!);
    }

    public override void Clear()
    {
        // T5: what is taken here may be the word to somebody that there is room.
        while (_handOff.Reader.TryRead(out var connection))
        {
            if (connection is not null)
            {
                Close(connection);
            }
        }

        CloseIdle();
    }

    public override void PassTimeOfWaiters() => _now += patience;

    public override void Dispose()
    {
        _isDisposed = true;
        CloseIdle();
    }

    private async Task<Connection> AcquireAsync(CancellationToken cancellationToken)
    {
        var deadline = _now + patience;
        while (true)
        {
            if (_idle.TryPop(out var idle))
            {
                return idle;
            }

            if (Interlocked.Increment(ref _open) <= limit)
            {
                return await OpenAsync(cancellationToken);
            }

            Interlocked.Decrement(ref _open);

            // T1: what is returned here finds nobody waiting, and is put away.
            Schedule.Point();
            Interlocked.Increment(ref _waiting);
            var handed = await _handOff.Reader.ReadAsync(cancellationToken);
            Interlocked.Decrement(ref _waiting);
            if (_now >= deadline)
            {
                // T3: it was given to somebody who has no use for it.
                if (handed is not null)
                {
                    _idle.Push(handed);
                }

                throw new TimeoutException();
            }

            if (handed is not null)
            {
                return handed;
            }
        }
    }

    private async Task<Connection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Ledger.DialAsync(Ledger.EndPoint, cancellationToken);
        }
        catch
        {
            Interlocked.Decrement(ref _open);
            if (Volatile.Read(ref _waiting) > 0)
            {
                _handOff.Writer.TryWrite(null);
            }

            Schedule.Point();
            throw;
        }
    }

    private void Offer(Connection connection)
    {
        if (Volatile.Read(ref _waiting) > 0)
        {
            _handOff.Writer.TryWrite(connection);
        }
        else
        {
            _idle.Push(connection);
        }
    }

    private void CloseIdle()
    {
        while (_idle.TryPop(out var connection))
        {
            Close(connection);
        }
    }

    private void Close(Connection connection)
    {
        connection.Abort();
        Interlocked.Decrement(ref _open);
    }

    private sealed class Acquiring(Task<Connection> acquire) : Asked
    {
        public override bool IsAnswered => acquire.IsCompleted;

        protected override Connection Fetch() => acquire.GetAwaiter().GetResult();
    }
}
