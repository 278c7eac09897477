using System.Text.RegularExpressions;

namespace NetKit.Tests.Chat;

/// <summary>The dashboard and the alerts ask for what the chat has.</summary>
public sealed partial class MonitoringTests
{
    private const int Watchdog = 120_000;

    [Theory(Timeout = Watchdog)]
    [InlineData("grafana-dashboard.json")]
    [InlineData("chat.rules.yml")]
    public async Task Each_metric_that_is_asked_for_is_there(string file)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("samples", "Chat", "Monitoring", file), TestContext.Current.CancellationToken);
        await using var chat = await RunningChat.StartAsync("--backplane", "redis://127.0.0.1:1");
        var page = await chat.GetAsync("/metrics");
        var asked = Metric().Matches(text).Select(static match => match.Value).Distinct().ToArray();
        Assert.True(asked.Length >= 3);
        Assert.All(asked, name => Assert.Contains($"\n# TYPE {name} ", "\n" + page, StringComparison.Ordinal));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Prometheus_takes_the_configuration_and_its_alerts()
    {
        var promtool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(static folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(promtool is null, "There is no promtool in the PATH: apt-get install prometheus.");
        var (exitCode, output, errors) = await ProcessRun.ExecuteAsync(promtool!, ["check", "config", Repository.PathOf("samples", "Chat", "Monitoring", "prometheus.yml")]);
        Assert.True(exitCode == 0, output + errors);
        Assert.Contains("rules found", output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\b(websocket|chat|netkit)_[a-z_]+\b(?=[\[{ ])")]
    private static partial Regex Metric();
}
