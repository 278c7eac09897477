namespace NetKit.Simulation;

internal static class Quantiles
{
    public static double Of(IEnumerable<double> values, double quantile)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(quantile * sorted.Length, sorted.Length - 1)];
    }
}
