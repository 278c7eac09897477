using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>Stands for the right to use a connection; one for each connection, used again for each lease, told apart by its epoch.</summary>
/// <remarks>
/// Nothing but the lease holds it while the connection is leased. So when the lease is dropped, the collector finds it, and
/// the connection's place in the pool is won back.
/// </remarks>
internal sealed class LeaseHandle
{
    private readonly ConnectionPool _pool;
    private readonly PooledConnection _entry;
    private int _epoch; // odd while leased

    public LeaseHandle(ConnectionPool pool, PooledConnection entry)
    {
        _pool = pool;
        _entry = entry;
    }

    ~LeaseHandle()
    {
        if ((_epoch & 1) != 0)
        {
            _pool.OnLeaked(_entry);
        }
    }

    public ConnectionPool Pool => _pool;

    public PooledConnection Entry => _entry;

    /// <summary>Puts it back to its connection, before <see cref="PoolCore"/> hears of the end of the lease. Called by who ended it.</summary>
    public PooledConnection PutBack()
    {
        _entry.EndLease(this);
        return _entry;
    }

    /// <summary>Has no more leases to watch over.</summary>
    [SuppressMessage("Usage", "CA1816", Justification = "There is nothing to dispose of, and so no Dispose.")]
    public void Retire() => GC.SuppressFinalize(this);

    /// <summary>Begins a lease. Called by who owns the connection, and holds nothing else that leads to this.</summary>
    public ConnectionLease Begin() => new(this, ++_epoch);

    public bool IsCurrent(int epoch) => Volatile.Read(ref _epoch) == epoch;

    /// <summary>Ends the lease; false when it has ended before. One caller wins, and owns the connection from there.</summary>
    public bool TryEnd(int epoch) => Interlocked.CompareExchange(ref _epoch, epoch + 1, epoch) == epoch;
}
