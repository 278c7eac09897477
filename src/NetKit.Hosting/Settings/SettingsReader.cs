using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace NetKit;

/// <summary>Reads the values of a configuration section, and remembers what makes no sense and what nobody asked for.</summary>
/// <remarks>
/// By hand and not by the framework's binder: that one ignores misspelled keys, knows no endpoints, and takes "30" for thirty days. A value
/// that is null or empty counts as absent, and a section with nothing in it as a mistake.
/// </remarks>
internal sealed class SettingsReader
{
    private const string Expected = "a section with settings of its own";

    private readonly IConfigurationSection _section;
    private readonly List<string> _failures;
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _values = new(StringComparer.OrdinalIgnoreCase); // of those, what is no section and no list
    private readonly List<SettingsReader> _nested = [];

    public SettingsReader(IConfigurationSection section)
        : this(section, [])
    {
        if (section.Value is { Length: > 0 } value)
        {
            Fail(section, value, Expected);
        }
        else if (!section.GetChildren().Any())
        {
            _failures.Add($"The configuration has no section {section.Path}, or nothing in it.");
        }
    }

    private SettingsReader(IConfigurationSection section, List<string> failures) => (_section, _failures) = (section, failures);

    public string? Text(string key)
    {
        _values.Add(key);
        var value = Know(key).Value;
        return string.IsNullOrEmpty(value) ? null : value;
    }

    public int? Integer(string key) => Value<int>(
        key,
        static (text, out value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
        "a whole number");

    public double? Number(string key) => Value<double>(
        key,
        static (text, out value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value),
        "a number");

    public bool? Flag(string key) => Value<bool>(key, bool.TryParse, "true or false");

    public TimeSpan? Duration(string key) => Value<TimeSpan>(key, DurationText.TryParse, DurationText.Expected);

    /// <summary>Reads a duration of which null is that there is none, which people write as infinite.</summary>
    public TimeSpan? DurationOrNone(string key, TimeSpan? otherwise) => Duration(key) switch
    {
        null => otherwise,
        var duration => duration == Timeout.InfiniteTimeSpan ? null : duration,
    };

    /// <summary>Reads the name of a value. Not its number, nor several names, which the framework would take too.</summary>
    public TEnum? Choice<TEnum>(string key)
        where TEnum : struct, Enum => Value<TEnum>(
            key,
            static (text, out value) => Enum.TryParse(text, ignoreCase: true, out value) && text.Equals(Enum.GetName(value), StringComparison.OrdinalIgnoreCase),
            string.Join(", ", Enum.GetNames<TEnum>()));

    /// <summary>Reads a value by a parser of its own; null when it is absent or, which is remembered, makes no sense.</summary>
    public T? Value<T>(string key, TryParse<T> tryParse, string expected)
        where T : struct => Text(key) is { } text && Parse(_section.GetSection(key), text, tryParse, expected) is { Parsed: true, Value: var value }
            ? value
            : null;

    /// <summary>As <see cref="Value"/>, for objects.</summary>
    public T? Object<T>(string key, TryParse<T> tryParse, string expected)
        where T : class => Text(key) is { } text && Parse(_section.GetSection(key), text, tryParse, expected) is { Parsed: true, Value: var value }
            ? value
            : null;

    /// <summary>Reads a list of values, or a single one; null when it is absent.</summary>
    public List<T>? List<T>(string key, TryParse<T> tryParse, string expected)
    {
        var section = Know(key);
        IConfigurationSection[] items = section.Value is null ? [.. section.GetChildren()] : [section];
        return items.Length == 0 || items is [{ Value: "" }]
            ? null
            : [.. items
                .Select(item => Parse(item, item.Value ?? "", tryParse, expected))
                .Where(static result => result.Parsed)
                .Select(static result => result.Value!)];
    }

    /// <summary>Remembers what does not go together.</summary>
    public void Refuse(string why) => _failures.Add($"{_section.Path}: {why}");

    /// <summary>Goes into a section; null when it is absent or, which is remembered, empty.</summary>
    public SettingsReader? Section(string key)
    {
        var section = Know(key);
        if (section.Value is { Length: > 0 } value)
        {
            Fail(section, value, Expected);
            return null;
        }

        if (!section.GetChildren().Any())
        {
            // Not the same as one with defaults, which in JSON is {}: the configuration does not tell that from null.
            if (_section.GetChildren().Any(child => child.Key.Equals(key, StringComparison.OrdinalIgnoreCase)))
            {
                _failures.Add($"{section.Path} is empty; expected {Expected}, or that it is not there.");
            }

            return null;
        }

        var nested = new SettingsReader(section, _failures);
        _nested.Add(nested);
        return nested;
    }

    /// <summary>Runs what refuses values that do not go together, and remembers its words.</summary>
    public T? Make<T>(Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (ArgumentException exception)
        {
            Refuse(OptionsCheck.InOneLine(exception));
            return null;
        }
    }

    /// <summary>Throws if anything that was read, or found, makes no sense.</summary>
    /// <exception cref="OptionsValidationException">It did; the message names section, key and value of each.</exception>
    public void ThrowIfFailed<TOptions>(string name)
    {
        RefuseUnknown();
        if (_failures.Count > 0)
        {
            throw new OptionsValidationException(name, typeof(TOptions), _failures);
        }
    }

    private void RefuseUnknown()
    {
        _nested.ForEach(static nested => nested.RefuseUnknown());
        _failures.AddRange(_section.GetChildren()
            .Where(child => !_known.Contains(child.Key))
            .Select(child => $"{child.Path} is not a setting. {_section.Path} may have: {string.Join(", ", _known)}."));
        _failures.AddRange(_values
            .SelectMany(key => _section.GetSection(key).GetChildren())
            .Select(static child => $"{child.Path} is not a setting. Expected one value, not a section or a list."));
    }

    private IConfigurationSection Know(string key)
    {
        _known.Add(key);
        return _section.GetSection(key);
    }

    private (bool Parsed, T? Value) Parse<T>(IConfigurationSection section, string text, TryParse<T> tryParse, string expected)
    {
        if (tryParse(text, out var value))
        {
            return (true, value);
        }

        Fail(section, text, expected);
        return default;
    }

    private void Fail(IConfigurationSection section, string text, string expected) =>
        _failures.Add($"{section.Path} is \"{text}\"; expected {expected}.");
}
