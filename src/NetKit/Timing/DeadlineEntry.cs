namespace NetKit;

/// <summary>Owns a deadline that can be moved at the price of a store, and is told when it passes.</summary>
/// <remarks>
/// <para>An entry goes on the wheel only when something begins to wait on it (<see cref="Watch"/>), and stays there lazily:
/// moving the deadline later leaves it where it is, and the visit at the old time puts it further back or, when nothing
/// waits any more, drops it. So the idle-timeout idiom, a later deadline after each operation, touches no lock.</para>
/// <para>Invariant: while <see cref="IsAwaited"/>, the entry is on the wheel at or before its due time, or a thread that
/// will put it there is on its way. Both sides write first, fence, then read what the other wrote.</para>
/// </remarks>
internal abstract class DeadlineEntry
{
    // Guarded by the scheduler's lock, together with Slot and Tick.
    internal DeadlineEntry? Next;
    internal DeadlineEntry? Previous;
    internal long Tick;
    internal int Slot = -1;

    // The instant of the visit that is certain to come; MaxValue when off the wheel. Written under the scheduler's lock.
    internal long VisitAt = long.MaxValue;
    private long _deadline = long.MaxValue;
    private long _operationLimit = long.MaxValue;
    private DeadlineScheduler _scheduler;

    protected DeadlineEntry(DeadlineScheduler scheduler) => _scheduler = scheduler;

    /// <summary>The scheduler whose clock judges the deadline. Changed only under the lock of the one it leaves.</summary>
    internal DeadlineScheduler Scheduler
    {
        get => Volatile.Read(ref _scheduler);
        set => Volatile.Write(ref _scheduler, value);
    }

    /// <summary>The deadline that acts on whatever waits now and later.</summary>
    public Deadline Deadline
    {
        get => Deadline.FromInstant(Volatile.Read(ref _deadline), _scheduler.TimeProvider);
        set
        {
            if (!value.IsNone && !ReferenceEquals(value.TimeProvider, _scheduler.TimeProvider))
            {
                ChangeClock(value);
                return;
            }

            // A full fence: the new deadline is visible before we look who waits and when the wheel will look.
            Interlocked.Exchange(ref _deadline, value.Instant);
            if (value.Instant < Volatile.Read(ref VisitAt) && IsAwaited)
            {
                Watch();
            }
        }
    }

    /// <summary>Tells whether a deadline is set.</summary>
    public bool HasDeadline => Volatile.Read(ref _deadline) != long.MaxValue;

    /// <summary>Tells whether the deadline has passed. The limit of a single operation is not looked at.</summary>
    public bool HasPassed
    {
        get
        {
            var deadline = Volatile.Read(ref _deadline);
            return deadline != long.MaxValue && MonotonicClock.HasReached(_scheduler.TimeProvider, deadline);
        }
    }

    /// <summary>Tells whether the deadline or the operation's own limit has passed.</summary>
    public bool IsDue => DueAt is var due && due != long.MaxValue && MonotonicClock.HasReached(_scheduler.TimeProvider, due);

    /// <summary>The first of the deadline and the operation's limit; MaxValue when there is neither.</summary>
    internal long DueAt => Math.Min(Volatile.Read(ref _deadline), Volatile.Read(ref _operationLimit));

    /// <summary>Tells whether something waits that the deadline would end.</summary>
    internal abstract bool IsAwaited { get; }

    /// <summary>Is called, outside every lock, when the due time passed while awaited. The deadline may have moved since.</summary>
    internal abstract void OnDue();

    /// <summary>Bounds the operation that is about to wait; infinite for no bound.</summary>
    internal void LimitOperation(TimeSpan timeout) => Volatile.Write(
        ref _operationLimit,
        timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : MonotonicClock.After(_scheduler.TimeProvider, timeout.Ticks));

    /// <summary>Makes sure that the wheel looks here when the due time comes. Call it after publishing what waits.</summary>
    internal void Watch()
    {
        while (DueAt < Volatile.Read(ref VisitAt))
        {
            if (IsDue)
            {
                // Past already: the wheel would only look when the clock next moves.
                OnDue();
                return;
            }

            if (Scheduler.TryWatch(this))
            {
                return;
            }
        }
    }

    /// <summary>Takes the entry off the wheel for good, so that a far deadline does not keep its owner alive.</summary>
    internal void Forget()
    {
        Interlocked.Exchange(ref _deadline, long.MaxValue);
        Volatile.Write(ref _operationLimit, long.MaxValue);
        while (!Scheduler.TryForget(this, Scheduler))
        {
        }
    }

    /// <summary>Follows a deadline to its clock. Rare: a test's clock on a connection that was made without it.</summary>
    private void ChangeClock(Deadline deadline)
    {
        var target = DeadlineScheduler.For(deadline.TimeProvider);
        DeadlineScheduler source;
        do
        {
            source = Scheduler;
            Interlocked.Exchange(ref _deadline, long.MaxValue);
        }
        while (!source.TryForget(this, target));

        var limit = Volatile.Read(ref _operationLimit);
        if (limit != long.MaxValue)
        {
            var left = limit - MonotonicClock.Now(source.TimeProvider);
            Volatile.Write(ref _operationLimit, MonotonicClock.After(target.TimeProvider, left));
        }

        Deadline = deadline;
    }
}
