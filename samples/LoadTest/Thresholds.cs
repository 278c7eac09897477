using System.Globalization;

namespace NetKit.Samples;

/// <summary>What a run must reach, beside a connection. Null: anything.</summary>
internal sealed record Thresholds(TimeSpan? MaxP50, TimeSpan? MaxP99, int? MaxErrors, int? MaxLost, int? MinRate)
{
    /// <summary>Says what was missed.</summary>
    public IEnumerable<string> MissedBy(LoadResult result)
    {
        if (result.Opened == 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"none of the {result.Connections} connections could be opened");
        }

        // Also when nothing was measured.
        if (MaxP50 is { } maxP50 && !(result.P50Milliseconds <= maxP50.TotalMilliseconds))
        {
            yield return Say("p50", result.P50Milliseconds, "at most", maxP50.TotalMilliseconds, " ms");
        }

        if (MaxP99 is { } maxP99 && !(result.P99Milliseconds <= maxP99.TotalMilliseconds))
        {
            yield return Say("p99", result.P99Milliseconds, "at most", maxP99.TotalMilliseconds, " ms");
        }

        if (result.Errors.Values.Sum() is var errors && errors > MaxErrors)
        {
            yield return Say("errors", errors, "at most", MaxErrors.Value, "");
        }

        if (result.Lost > MaxLost)
        {
            yield return Say("lost", result.Lost, "at most", MaxLost.Value, "");
        }

        if (result.PerSecond < MinRate)
        {
            yield return Say("rate", result.PerSecond, "at least", MinRate.Value, "/s");
        }
    }

    private static string Say(string what, double? value, string bound, double limit, string unit) => string.Create(
        CultureInfo.InvariantCulture, $"{what} {(value is null ? "was not measured" : $"is {value:0.###}{unit}")}, but must be {bound} {limit:0.###}{unit}");
}
