namespace NetKit.Benchmarks;

/// <summary>What the rounds of one scenario found of one group of engines.</summary>
internal sealed record StudyRun
{
    public required string Group { get; init; }

    public required string Scenario { get; init; }

    public required string Machine { get; init; }

    public required int Rounds { get; init; }

    public required double Seconds { get; init; }

    /// <summary>The slices of each engine, by its key, round by round.</summary>
    public required Dictionary<string, List<Slice>> Slices { get; init; }

    /// <summary>System calls for each message or connection, where they were counted.</summary>
    public required Dictionary<string, double?> SystemCalls { get; init; }
}
