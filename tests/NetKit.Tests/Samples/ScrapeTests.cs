using NetKit.Samples;
using Xunit.Sdk;

namespace NetKit.Tests.Samples;

public sealed class ScrapeTests
{
    private const string Histogram = "# HELP a_seconds How long.\n# TYPE a_seconds histogram\n";

    [Theory]
    [InlineData("# HELP a A.\n# TYPE a gauge\na 1")] // No newline at the end.
    [InlineData("# HELP a A.\n# TYPE a counter\na 1\n")] // A counter ends in _total.
    [InlineData("# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n")]
    [InlineData("# TYPE a gauge\na 1\n")]
    [InlineData("# HELP b B.\n# TYPE a gauge\na 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na 1\n# HELP a A.\n# TYPE a gauge\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\nb 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na{x=\"\"\"} 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na{x=\"\\t\"} 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na{x.y=\"z\"} 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n")]
    [InlineData("# HELP a A.\n# TYPE a gauge\na one\n")]
    [InlineData(Histogram + "a_seconds_bucket{le=\"1\"} 1\na_seconds_sum 1\na_seconds_count 1\n")] // No +Inf.
    [InlineData(Histogram + "a_seconds_bucket{le=\"1\"} 2\na_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum 1\na_seconds_count 1\n")]
    [InlineData(Histogram + "a_seconds_bucket{le=\"2\"} 1\na_seconds_bucket{le=\"1\"} 1\na_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum 1\na_seconds_count 1\n")]
    [InlineData(Histogram + "a_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum 1\na_seconds_count 2\n")]
    [InlineData(Histogram + "a_seconds_bucket{le=\"+Inf\"} 1\na_seconds_count 1\n")]
    [InlineData(Histogram + "a_seconds_sum 1\na_seconds_count 1\n")]
    public void A_page_that_breaks_the_format_is_found_out(string page) => Assert.ThrowsAny<XunitException>(() => Scrape.Parse(page));

    [Fact]
    public void What_the_proxy_writes_keeps_the_format_whatever_a_label_says()
    {
        var text = new PrometheusText();
        text.Begin("a", "gauge", "One\\two\nthree.");
        text.Add(PrometheusText.Label("peer.name", "a\"b\\c\nd"), 1.5);
        text.Begin("b_seconds", "histogram", "Times.");
        text.AddHistogram(PrometheusText.Label("outcome", "ok"), [0.5, 1], [1, 0, 2], sum: 7);
        text.AddHistogram("", [], [3], sum: 6);
        var values = Scrape.Parse(text.ToString());
        Assert.Equal(1.5, values["a{peer_name=\"a\\\"b\\\\c\\nd\"}"]);
        Assert.Equal(1, values["b_seconds_bucket{outcome=\"ok\",le=\"0.5\"}"]);
        Assert.Equal(1, values["b_seconds_bucket{outcome=\"ok\",le=\"1\"}"]);
        Assert.Equal(3, values["b_seconds_bucket{outcome=\"ok\",le=\"+Inf\"}"]);
        Assert.Equal(7, values["b_seconds_sum{outcome=\"ok\"}"]);
        Assert.Equal(3, values["b_seconds_count{outcome=\"ok\"}"]);
        Assert.Equal(3, values["b_seconds_bucket{le=\"+Inf\"}"]);
    }
}
