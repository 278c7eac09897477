using System.Globalization;

namespace NetKit.Samples;

/// <summary>Takes a program's options off its command line, one after the other. What nobody took is a mistake.</summary>
internal sealed class CommandLine(string[] args)
{
    // More than any option here can use, and short enough for every timer.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);
    private readonly List<string> _left = [.. args.SelectMany(Parts)];

    /// <summary>Writes a duration the way people type it.</summary>
    public static string Format(TimeSpan duration) => duration switch
    {
        { Ticks: var ticks } when ticks % TimeSpan.TicksPerHour == 0 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalHours}h"),
        { Ticks: var ticks } when ticks % TimeSpan.TicksPerMinute == 0 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMinutes}m"),
        { Ticks: var ticks } when ticks % TimeSpan.TicksPerSecond == 0 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds}ms"),
    };

    /// <summary>Tells whether somebody asks how the program is used.</summary>
    public static bool AsksForHelp(string[] args) => args.Any(word => word is "--help" or "-h");

    /// <summary>Takes a flag such as "--bench".</summary>
    public bool TakeFlag(string option)
    {
        var isThere = _left.Remove(option);
        ThrowIfLeft(option);
        return isThere;
    }

    /// <summary>Takes the next word. Asked for after all options: what still looks like one is none, and a word beside it may be meant as its value.</summary>
    public string? TakeWord()
    {
        if (_left.Find(IsOption) is { } unknown)
        {
            throw NoOption(unknown);
        }

        var word = _left.FirstOrDefault();
        _left.RemoveRange(0, Math.Min(1, _left.Count));
        return word;
    }

    /// <summary>Takes the value of an option such as "--listen host:port".</summary>
    public string? TakeText(string option, string expected)
    {
        var value = TakeNextText(option, expected);
        ThrowIfLeft(option);
        return value;
    }

    /// <summary>Takes the values of an option that may be there several times; null when it is not there.</summary>
    public IReadOnlyList<string>? TakeTexts(string option, string expected)
    {
        var values = new List<string>();
        while (TakeNextText(option, expected) is { } value)
        {
            values.Add(value);
        }

        return values.Count == 0 ? null : values;
    }

    /// <summary>Takes a whole number.</summary>
    public int? TakeNumber(string option, int least, int most)
    {
        var expected = string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
        return TakeText(option, expected) switch
        {
            null => null,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= least && number <= most => number,
            var text => throw UsageException.For(option, text, expected),
        };
    }

    /// <summary>Takes a duration: 500ms, 30s, 5m, 1h; "none" is <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan? TakeDuration(string option, bool noneAllowed = false)
    {
        var expected = noneAllowed ? "a duration such as 500ms, 30s, 5m or 1h, a day at most, or none" : "a duration such as 500ms, 30s, 5m or 1h, a day at most";
        return TakeText(option, expected) switch
        {
            null => null,
            "none" when noneAllowed => Timeout.InfiniteTimeSpan,
            var text when Duration(text, leastMilliseconds: 1) is { } duration => duration,
            var text => throw UsageException.For(option, text, expected),
        };
    }

    /// <summary>Takes a duration that nothing waits for, and that may be shorter than a timer can wait: 500us, 20ms, 1s.</summary>
    public TimeSpan? TakeLatency(string option)
    {
        const string Expected = "a duration such as 500us, 20ms or 1s, a day at most";
        return TakeText(option, Expected) is not { } text ? null
            : Duration(text, leastMilliseconds: 0.001) ?? throw UsageException.For(option, text, Expected);
    }

    /// <summary>Complains about what is left.</summary>
    public void Finish()
    {
        if (_left.Count > 0)
        {
            throw IsOption(_left[0]) ? NoOption(_left[0]) : new UsageException($"\"{_left[0]}\" is one word too many.");
        }
    }

    private string? TakeNextText(string option, string expected)
    {
        var index = _left.IndexOf(option);
        if (index < 0)
        {
            return null;
        }

        if (index + 1 == _left.Count || _left[index + 1].StartsWith("--", StringComparison.Ordinal))
        {
            throw new UsageException($"{option} needs a value: {expected}.");
        }

        var value = _left[index + 1];
        _left.RemoveRange(index, 2);
        return value;
    }

    private void ThrowIfLeft(string option)
    {
        if (_left.Contains(option))
        {
            throw new UsageException($"{option} was given twice.");
        }
    }

    private static bool IsOption(string word) => word.StartsWith('-');

    private static UsageException NoOption(string word) => new($"\"{word}\" is no option of this program.");

    // "--listen=host:port" is "--listen host:port".
    private static string[] Parts(string word) => word.StartsWith("--", StringComparison.Ordinal) ? word.Split('=', 2) : [word];

    private static TimeSpan? Duration(string text, double leastMilliseconds)
    {
        var digits = text.AsSpan().TrimEnd("umsh");
        double? unit = text.AsSpan(digits.Length) switch
        {
            "us" => 0.001,
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => null,
        };
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * unit is { } milliseconds && milliseconds >= leastMilliseconds && milliseconds <= s_longest.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }
}
