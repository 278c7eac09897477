using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>Lends a connection of a <see cref="ConnectionPool"/> to one user, until it is returned or disposed.</summary>
/// <remarks>
/// <para>End every lease. <see cref="Return"/> gives the connection to the next user: call it when the exchange is complete and
/// nothing of it is left to read. Disposing a lease that was not returned closes the connection; after a return it does nothing. So
/// <c>await using</c> around the exchange, with <see cref="Return"/> as its last statement, does what is right on every path.</para>
/// <para>A lease that is dropped without either is taken back when it is collected: its connection is closed, the leak counted and
/// logged. Do not use the connection after the lease has ended.</para>
/// <para>A value: its copies are the same lease, and end together. Members may be called from any thread; of several calls that would
/// end a lease, one does.</para>
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "Leases are used and ended, not compared.")]
public readonly struct ConnectionLease : IAsyncDisposable
{
    private readonly LeaseHandle? _handle;
    private readonly int _epoch;

    internal ConnectionLease(LeaseHandle handle, int epoch)
    {
        _handle = handle;
        _epoch = epoch;
    }

    /// <summary>Gives the connection.</summary>
    /// <remarks>It has no deadlines, and the timeouts that it was dialed with, whatever earlier users have set.</remarks>
    /// <exception cref="InvalidOperationException">The lease has ended.</exception>
    public Connection Connection => Current.Entry.Connection;

    /// <summary>Tells whether the connection was used by earlier leases. If so, the peer may have ended it meanwhile.</summary>
    /// <remarks>
    /// An exchange that fails on a reused connection before anything was written (<see cref="ConnectionException.BytesTransferred"/> is 0)
    /// can be tried again on another. The pool never does that by itself.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The lease has ended.</exception>
    public bool IsReused => Current.Entry.Uses > 0;

    private LeaseHandle Current => _handle is { } handle && handle.IsCurrent(_epoch) ? handle : throw Ended();

    /// <summary>Ends the lease and gives the connection to the next user. Never waits.</summary>
    /// <remarks>
    /// The connection is closed instead, and that is counted, when the peer has ended it, when bytes are left unread, on it or in the
    /// pipes of <see cref="Connection.AsDuplexPipe"/> (through which a <see cref="FrameReader"/> reads), or unflushed there, when an operation
    /// is still under way on it, when it is too old, or when the pool was cleared or disposed.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The lease has ended before.</exception>
    public void Return()
    {
        if (_handle is not { } handle || !handle.TryEnd(_epoch))
        {
            throw Ended();
        }

        PoolSchedule.Point();
        handle.Pool.Return(handle);
    }

    /// <summary>Ends the lease and closes the connection politely, unless the lease has ended before. Idempotent. Never throws.</summary>
    public ValueTask DisposeAsync() =>
        _handle is { } handle && handle.TryEnd(_epoch) ? handle.Pool.DiscardAsync(handle) : ValueTask.CompletedTask;

    /// <summary>Ends the lease and has the connection closed, without waiting for that.</summary>
    internal void Abandon()
    {
        if (_handle is { } handle && handle.TryEnd(_epoch))
        {
            handle.Pool.Discard(handle);
        }
    }

    private InvalidOperationException Ended() => new(_handle is null
        ? "This lease is of no pool: it was not acquired."
        : "The lease has ended: its connection was returned or closed, and may be somebody else's by now.");
}
