using System.Globalization;

namespace NetKit;

/// <summary>Lists the attempts of a dial in one line.</summary>
internal static class AttemptList
{
    /// <summary>Says of each attempt where to, when and how it went. What went the same way is said once, with the time of each.</summary>
    public static string Describe(IReadOnlyList<DialAttempt> attempts) => string.Join("; ", attempts
        .GroupBy(static attempt => attempt.Fate)
        .Select(static group => group.Count() == 1 ? group.First().ToString() : Describe(group.Key, [.. group])));

    private static string Describe((string EndPoint, string Happened, string? Cause) fate, DialAttempt[] attempts)
    {
        var times = attempts.Select(static attempt => DialAttempt.Milliseconds(attempt.Started)).ToArray();
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{fate.EndPoint}: {fate.Happened} {times.Length} times, at {string.Join(", ", times[..^1])} and {times[^1]}");
        return fate.Cause is null ? text : $"{text}, {fate.Cause}";
    }
}
