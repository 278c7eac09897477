namespace NetKit.Benchmarks;

/// <summary>What one measurement of one server found. Times in seconds, latencies in microseconds.</summary>
internal sealed record Slice
{
    public double Seconds { get; init; }

    public double ServerCpu { get; init; }

    public double GeneratorCpu { get; init; }

    public long Messages { get; init; }

    public long Bytes { get; init; }

    public long Connections { get; init; }

    public double P50 { get; init; }

    public double P99 { get; init; }

    public double P999 { get; init; }

    public double Max { get; init; }

    /// <summary>Pages of the server's process per idle connection, in bytes.</summary>
    public double Resident { get; init; }

    /// <summary>System calls of the server in the measured time, where they were counted.</summary>
    public long? SystemCalls { get; init; }

    /// <summary>CPU time that the servers not being measured used meanwhile.</summary>
    public double OthersCpu { get; init; }
}
