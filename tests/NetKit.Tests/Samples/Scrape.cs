using System.Globalization;
using System.Text.RegularExpressions;

namespace NetKit.Tests.Samples;

/// <summary>Reads Prometheus' text format, version 0.0.4, and nothing that breaks it.</summary>
internal sealed partial class Scrape
{
    private readonly Dictionary<string, double> _values = [];
    private readonly Dictionary<string, List<(double Boundary, double Count)>> _buckets = [];
    private readonly HashSet<string> _announced = [];
    private string _name = "";
    private string _type = "";
    private string _helped = "";

    private Scrape()
    {
    }

    /// <summary>The values by name and labels. Each metric is announced once, and its samples stand together.</summary>
    public static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var scrape = new Scrape();
        foreach (var line in text[..^1].Split('\n'))
        {
            scrape.Read(line);
        }

        scrape.CheckHistograms();
        return scrape._values;
    }

    private void Read(string line)
    {
        if (Help().Match(line) is { Success: true } help)
        {
            _helped = help.Groups[1].Value;
            Assert.True(_announced.Add(_helped), $"{_helped} is announced twice.");
        }
        else if (Type().Match(line) is { Success: true } type)
        {
            (_name, _type) = (type.Groups[1].Value, type.Groups[2].Value);
            Assert.True(_name == _helped, $"The help before the type of {_name} is for {_helped}.");
            Assert.True(_type == "counter" == _name.EndsWith("_total", StringComparison.Ordinal), $"{_name} is a {_type}.");
        }
        else
        {
            var sample = Sample().Match(line);
            Assert.True(sample.Success, $"This is no sample: {line}");
            Take(sample.Groups["name"].Value, sample.Groups["label"].Captures.Select(static label => label.Value), Number(sample.Groups["value"].Value));
        }
    }

    private void Take(string name, IEnumerable<string> labels, double value)
    {
        var suffix = name.StartsWith(_name, StringComparison.Ordinal) ? name[_name.Length..] : "?";
        Assert.True(_type == "histogram" ? suffix is "_bucket" or "_sum" or "_count" : suffix == "", $"{name} is no sample of the {_type} {_name}.");
        var keys = labels.Select(static label => label.Split('=')[0]).ToArray();
        Assert.Equal(keys.Distinct(), keys);
        Assert.Equal(suffix == "_bucket", keys.Contains("le"));
        if (suffix == "_bucket")
        {
            var series = _name + Braces(labels.Where(static label => !label.StartsWith("le=", StringComparison.Ordinal)));
            var boundary = Number(labels.Single(static label => label.StartsWith("le=", StringComparison.Ordinal))[4..^1]);
            _buckets.TryAdd(series, []);
            _buckets[series].Add((boundary, value));
        }

        _values.Add(name + Braces(labels), value);
    }

    private void CheckHistograms()
    {
        foreach (var (series, buckets) in _buckets)
        {
            var (name, labels) = series.Split('{') is [var before, var after] ? (before, "{" + after) : (series, "");
            Assert.Equal(buckets.Select(static bucket => bucket.Boundary).Distinct().Order(), buckets.Select(static bucket => bucket.Boundary));
            Assert.Equal(buckets.Select(static bucket => bucket.Count).Order(), buckets.Select(static bucket => bucket.Count));
            Assert.Equal(double.PositiveInfinity, buckets[^1].Boundary);
            Assert.Equal(_values[$"{name}_count{labels}"], buckets[^1].Count);
            Assert.True(_values.ContainsKey($"{name}_sum{labels}"), $"{series} has no sum.");
        }

        // And no sum or count without buckets.
        Assert.Equal(_buckets.Count, _values.Keys.Count(static name => CountPattern().IsMatch(name)));
    }

    private static string Braces(IEnumerable<string> labels) => labels.Any() ? $"{{{string.Join(',', labels)}}}" : "";

    private static double Number(string text) => text == "+Inf" ? double.PositiveInfinity : double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    [GeneratedRegex("""^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\]|\\[\\n])+$""")]
    private static partial Regex Help();

    [GeneratedRegex("""^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$""")]
    private static partial Regex Type();

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<label>[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*")(?:,(?<label>[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*"))*\})? (?<value>-?[0-9][-0-9.E+]*)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("_count(?:\\{|$)")]
    private static partial Regex CountPattern();
}
