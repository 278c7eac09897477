namespace NetKit;

/// <summary>Counts what a pool has and what it has done, at one moment.</summary>
/// <param name="Idle">Connections that wait to be used.</param>
/// <param name="Leased">Connections in use.</param>
/// <param name="Dialing">Connections that are being opened.</param>
/// <param name="Waiting">Callers that wait for a connection.</param>
/// <param name="Dialed">Connections opened so far.</param>
/// <param name="Reused">Leases so far that got a connection which had been used before.</param>
/// <param name="Closed">Connections closed so far.</param>
public readonly record struct ConnectionPoolStatistics(int Idle, int Leased, int Dialing, int Waiting, long Dialed, long Reused, long Closed)
{
    /// <summary>Counts leases so far that were dropped, neither returned nor disposed, and taken back.</summary>
    public long Leaked { get; init; }
}
