using System.Diagnostics;

namespace NetKit;

/// <summary>A connection of a pool, and what is kept with it from one lease to the next.</summary>
internal sealed class PooledConnection : PoolEntry, IThreadPoolWorkItem
{
    private readonly ConnectionPool _pool;
    private readonly int _readTimeout;
    private readonly int _writeTimeout;

    // Null while leased: then only who has the lease holds it, so that the collector finds a lease that was dropped.
    private LeaseHandle? _handle;

    public PooledConnection(ConnectionPool pool, Connection connection)
    {
        _pool = pool;
        Connection = connection;

        // A dialer may have set one for a handshake of its own.
        connection.ClearDeadlines();
        _readTimeout = connection.ReadTimeout;
        _writeTimeout = connection.WriteTimeout;
        _handle = new LeaseHandle(pool, this);
    }

    public Connection Connection { get; }

    /// <summary>Where the lease was acquired; null unless that is traced.</summary>
    public StackTrace? AcquiredAt { get; set; }

    /// <summary>The span of the dial that brought it, for the spans of those who waited.</summary>
    public ActivityContext DialedBy { get; init; }

    /// <summary>Makes a lease of it. Called by who owns it, after <see cref="PoolCore"/> said so.</summary>
    public ConnectionLease BeginLease()
    {
        var handle = _handle!;
        _handle = null;
        return handle.Begin();
    }

    /// <summary>Takes the handle back. Called by who ended the lease, before <see cref="PoolCore"/> hears of it.</summary>
    public void EndLease(LeaseHandle handle) => _handle = handle;

    /// <summary>Has nothing to be collected for any more.</summary>
    public void Retire() => _handle?.Retire();

    /// <summary>Takes back what the last user has set, and looks what it left behind.</summary>
    public IdleState Reset()
    {
        var connection = Connection;
        connection.ClearDeadlines();
        if (connection.ReadTimeout != _readTimeout)
        {
            connection.ReadTimeout = _readTimeout;
        }

        if (connection.WriteTimeout != _writeTimeout)
        {
            connection.WriteTimeout = _writeTimeout;
        }

        // What its pipes hold, the next user would take for his own: an answer, or the beginning of a request.
        var state = connection.CheckIdle(ask: false);
        return state == IdleState.Quiet && connection.HasBytesInPipes ? IdleState.Unread : state;
    }

    void IThreadPoolWorkItem.Execute() => _ = _pool.CloseAsync(this);
}
