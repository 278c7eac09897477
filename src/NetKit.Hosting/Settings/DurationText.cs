using System.Globalization;

namespace NetKit;

/// <summary>Reads durations as people write them.</summary>
internal static class DurationText
{
    public const string Expected = "a duration such as 00:00:30, 30 s, 250 ms, 5 min, 2 h or infinite";

    private static readonly (string Unit, double Milliseconds)[] s_units =
        [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads one. Not a bare number: that is days to TimeSpan, and seconds to whoever wrote it.</summary>
    public static bool TryParse(string text, out TimeSpan value)
    {
        text = text.Trim();
        if (text.Equals("infinite", StringComparison.OrdinalIgnoreCase))
        {
            value = Timeout.InfiniteTimeSpan;
            return true;
        }

        if (text.Contains(':'))
        {
            // Exactly: else 24:00:00, hours too many for a day, would be 24 days.
            return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value);
        }

        value = default;
        var end = text.AsSpan().LastIndexOfAnyExceptInRange('a', 'z') + 1;
        var unit = Array.Find(s_units, known => text.AsSpan(end).SequenceEqual(known.Unit));
        if (unit.Unit is null
            || !double.TryParse(text.AsSpan(0, end).Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || Math.Abs(number * unit.Milliseconds) is not <= int.MaxValue * 1000.0)
        {
            return false;
        }

        value = TimeSpan.FromMilliseconds(number * unit.Milliseconds);
        return true;
    }
}
