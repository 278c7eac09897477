namespace NetKit.Benchmarks;

/// <summary>What a handful of rounds boils down to.</summary>
internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The range that holds the middle half of the rounds: how far to trust the median.</summary>
    public static (double Low, double High) MiddleHalf(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[sorted.Length / 4], sorted[sorted.Length - 1 - (sorted.Length / 4)]);
    }
}
