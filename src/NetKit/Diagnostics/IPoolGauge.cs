namespace NetKit;

/// <summary>Lets the metrics look at a pool when somebody collects them.</summary>
internal interface IPoolGauge
{
    /// <summary>Counts what the pool has at this moment.</summary>
    (int Idle, int Leased, int Dialing, int Waiting) Measure();
}
