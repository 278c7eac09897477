namespace NetKit.Benchmarks;

/// <summary>How long to measure. Times in seconds.</summary>
/// <param name="FirstWarmUp">Load before the first round, long enough for tiered compilation to reach its last tier.</param>
/// <param name="WarmUp">Load before each slice, until the connections are under way.</param>
internal sealed record Effort(int Rounds, double Seconds, double FirstWarmUp, double WarmUp)
{
    public static Effort From(Arguments arguments) => arguments.Has("quick")
        ? new(arguments.Number("rounds", 3), arguments.Number("seconds", 1), 1.5, 0.2)
        : new(arguments.Number("rounds", 7), arguments.Number("seconds", 2), 9, 0.3);
}
