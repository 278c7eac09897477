namespace NetKit.Tests.Schedules;

/// <summary>A pool that the scenarios can be run on: NetKit's, or one that is broken on purpose.</summary>
internal abstract class PoolUnderTest(Ledger ledger)
{
    public Ledger Ledger { get; } = ledger;

    /// <summary>Asks for a connection. Does not wait.</summary>
    public abstract Asked Ask(CancellationToken cancellationToken = default);

    public abstract void Return(Asked asked);

    public abstract void Discard(Asked asked);

    public abstract void Clear();

    /// <summary>Lets the time of all who wait now pass, without a timer that rings.</summary>
    public abstract void PassTimeOfWaiters();

    /// <summary>Disposes the pool, and waits until it is done.</summary>
    public abstract void Dispose();

    /// <summary>Fails when something is left of a pool that has been disposed.</summary>
    public virtual void CheckEmpty()
    {
        if (Ledger.Open > 0)
        {
            throw new ScheduleViolationException($"{Ledger.Open} connections were left open");
        }
    }

    /// <summary>Asks for a connection, and waits for it; null when the pool had none to give.</summary>
    public Asked? Acquire(CancellationToken cancellationToken = default)
    {
        var asked = Ask(cancellationToken);
        Schedule.Until(() => asked.IsAnswered);
        return asked.TryTake(Ledger) ? asked : null;
    }

    /// <summary>One who asked for a connection.</summary>
    internal abstract class Asked
    {
        public abstract bool IsAnswered { get; }

        public Connection? Connection { get; protected set; }

        /// <summary>Fetches the answer: true with a connection, false for one of the failures that a pool has.</summary>
        public bool TryTake(Ledger ledger)
        {
            try
            {
                Connection = Fetch();
            }
            catch (Exception exception) when (exception is ConnectionException or OperationCanceledException or TimeoutException)
            {
                return false;
            }

            ledger.Take(Connection);
            return true;
        }

        protected abstract Connection Fetch();
    }
}
