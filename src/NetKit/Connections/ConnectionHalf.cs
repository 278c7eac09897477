using System.Diagnostics;

namespace NetKit;

/// <summary>One direction of a connection: its deadline and the operation that waits.</summary>
/// <remarks>
/// Invariant: an operation that waits is owned by whoever takes it from <c>_pending</c>, and only the owner may finish it
/// or put it back. Readiness, deadline, token and close all compete for it there, so each operation ends exactly once.
/// </remarks>
internal class ConnectionHalf : DeadlineEntry
{
    private PendingOperation? _pending;
    private PendingOperation? _spare;

    // Only grows, and wraps around. Of reads only: here is room for it, and the half of writes may never be made.
    private uint _received;

    public ConnectionHalf(DeadlineScheduler scheduler)
        : base(scheduler)
    {
    }

    /// <summary>What waits, to be looked at only: it is not the caller's.</summary>
    public object? Waiting => _pending;

    /// <summary>Counts the bytes that were read, modulo 2^32. Any thread may look.</summary>
    public uint Received => Volatile.Read(ref _received);

    internal sealed override bool IsAwaited => Volatile.Read(ref _pending) is not null;

    /// <summary>Makes the half for the other direction.</summary>
    public virtual ConnectionHalf MakeOther() => new(Scheduler);

    /// <summary>Counts bytes that were read. In turn.</summary>
    public void CountReceived(int count) => _received += (uint)count;

    /// <summary>Lets the operation wait. A full fence: what the publisher reads next, it reads after everybody can see this.</summary>
    public void Publish(PendingOperation operation)
    {
        var previous = Interlocked.Exchange(ref _pending, operation);
        Debug.Assert(previous is null, "Whoever waits holds the turn, so nobody else can be waiting.");
    }

    /// <summary>Takes whatever waits; null when nothing does.</summary>
    public PendingOperation? Take() =>
        Volatile.Read(ref _pending) is null ? null : Interlocked.Exchange(ref _pending, null);

    /// <summary>Takes this operation, if it is the one that waits.</summary>
    public bool TryTake(PendingOperation operation) =>
        Interlocked.CompareExchange(ref _pending, null, operation) == operation;

    /// <summary>Takes the operation object that an earlier one left behind, so that steady traffic allocates none. In turn.</summary>
    public PendingOperation? TakeSpare() => Volatile.Read(ref _spare) is { } spare && spare.TryUseAgain() ? spare : null;

    /// <summary>Leaves an operation object, whose result was fetched, for the next operation.</summary>
    public void LeaveSpare(PendingOperation operation)
    {
        if (Volatile.Read(ref _spare) != operation)
        {
            Volatile.Write(ref _spare, operation);
        }
    }

    internal sealed override void OnDue()
    {
        if (Take() is not { } operation)
        {
            return;
        }

        // Asked only now that nobody else can end the operation: a deadline moved until this moment counts.
        if (IsDue)
        {
            operation.End(OperationEnd.DeadlineExceeded);
        }
        else
        {
            operation.WaitOn();
        }
    }
}
