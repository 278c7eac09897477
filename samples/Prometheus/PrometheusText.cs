using System.Globalization;
using System.Text;

namespace NetKit.Samples;

/// <summary>Writes metrics in Prometheus' text format, version 0.0.4.</summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();
    private string _name = "";

    /// <summary>A label as it stands between the braces.</summary>
    public static string Label(string name, string? value) =>
        $"{Name(name)}=\"{value?.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    /// <summary>A name with dots, as instruments have, in the letters that are allowed here.</summary>
    public static string Name(string name) => string.Concat(name.Select(static letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));

    /// <summary>Begins a metric. Its samples follow.</summary>
    public void Begin(string name, string type, string help)
    {
        _name = name;
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n# TYPE {name} {type}\n");
    }

    /// <summary>Adds a sample.</summary>
    /// <param name="labels">What <see cref="Label"/> made, with commas between; may be empty.</param>
    /// <param name="value">The value.</param>
    /// <param name="suffix">What this sample's name has at its end, as those of a histogram do.</param>
    public void Add(string labels, double value, string suffix = "") =>
        _text.Append(CultureInfo.InvariantCulture, $"{_name}{suffix}{(labels.Length == 0 ? "" : $"{{{labels}}}")} {value:R}\n");

    /// <summary>Adds the samples of a histogram: how many were up to each boundary, their sum, and how many there were.</summary>
    public void AddHistogram(string labels, IReadOnlyList<double> boundaries, IReadOnlyList<long> buckets, double sum)
    {
        var separator = labels.Length == 0 ? "" : ",";
        var count = 0L;
        for (var index = 0; index < buckets.Count; index++)
        {
            count += buckets[index];
            var boundary = index < boundaries.Count ? boundaries[index].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
            Add($"{labels}{separator}{Label("le", boundary)}", count, "_bucket");
        }

        Add(labels, sum, "_sum");
        Add(labels, count, "_count");
    }

    public override string ToString() => _text.ToString();
}
