using System.Net;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

public sealed class ProxySettingsTests
{
    [Fact]
    public void One_backend_is_enough_and_the_rest_has_its_defaults()
    {
        var settings = ProxySettings.Parse(["--backend", "localhost:80"]);

        Assert.Equal([new DnsEndPoint("localhost", 80)], settings.Backends);
        Assert.Equal([EndPointText.EveryAddress(7070)], settings.Listen);
        Assert.Equal(BackendPolicy.RoundRobin, settings.Policy);
        Assert.Equal(TimeSpan.FromSeconds(5), settings.ConnectTimeout);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.IdleTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.DrainTimeout);
        Assert.Equal(new BackoffTime(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30)), settings.Backoff);
        Assert.Null(settings.MaxConnections);
        Assert.Null(settings.Status);
        Assert.False(settings.SendsProxyHeader);
    }

    [Fact]
    public void Every_setting_can_be_typed()
    {
        AssertIsAsTyped(ProxySettings.Parse(
        [
            "--listen", "127.0.0.1:1", "--listen", "unix:/tmp/in", "--backend", "10.0.0.1:80", "--backend=unix:/tmp/out", "--policy", "least-connections",
            "--connect-timeout", "2s", "--idle-timeout", "none", "--drain-timeout", "1m", "--max-connections", "100", "--proxy-protocol", "v2",
            "--metrics", "localhost:7071", "--backoff", "100ms", "--max-backoff", "5s",
        ]));
    }

    [Fact]
    public void Every_setting_can_come_from_a_file()
    {
        using var folder = new TemporaryFolder();
        AssertIsAsTyped(ProxySettings.Parse(["--config", Write(folder, """
            {
              // As people write it.
              "Listen": ["127.0.0.1:1", "unix:/tmp/in"],
              "Backend": ["10.0.0.1:80", "unix:/tmp/out"],
              "Policy": "least-connections",
              "connectTimeout": "2s",
              "IdleTimeout": "none",
              "drain-timeout": "1m",
              "MaxConnections": 100,
              "ProxyProtocol": "v2",
              "Metrics": "localhost:7071",
              "Backoff": "100ms",
              "MaxBackoff": "5s",
            }
            """)]));
    }

    [Fact]
    public void What_the_command_line_says_counts_more_than_the_file()
    {
        using var folder = new TemporaryFolder();
        var file = Write(folder, """{ "Backend": ["10.0.0.1:80", "10.0.0.2:80"], "Policy": "least-connections", "Metrics": "localhost:1", "ConnectTimeout": "3s" }""");

        var settings = ProxySettings.Parse(["--config", file, "--backend", "10.0.0.9:90", "--policy", "round-robin", "--metrics", "none"]);

        Assert.Equal([IPEndPoint.Parse("10.0.0.9:90")], settings.Backends);
        Assert.Equal(BackendPolicy.RoundRobin, settings.Policy);
        Assert.Null(settings.Status);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.ConnectTimeout);
    }

    [Fact]
    public void The_example_file_makes_sense()
    {
        var settings = ProxySettings.Parse(["--config", Repository.PathOf("samples", "TcpProxy", "appsettings.example.json")]);
        Assert.Equal(2, settings.Backends.Count);
    }

    [Fact]
    public void The_same_port_elsewhere_is_another_server_and_port_0_is_another_each_time()
    {
        var settings = ProxySettings.Parse(
            ["--backend", "10.0.0.1:7070", "--backend", "localhost:7071", "--listen", "localhost:7070", "--listen", "localhost:0", "--metrics", "localhost:0"]);
        Assert.Equal((2, 2), (settings.Backends.Count, settings.Listen.Count));
    }

    [Theory]
    [InlineData("no backend is given")]
    [InlineData("--backend is \"localhost:0\", but must be host:port with a port from 1", "--backend", "localhost:0")]
    [InlineData("--backend is \"banana\", but must be host:port with a port from 1", "--backend", "banana")]
    [InlineData("--backend is \"*:80\", but must be one server", "--backend", "*:80")]
    [InlineData("--backend is \"0.0.0.0:80\", but must be one server", "--backend", "0.0.0.0:80")]
    [InlineData("--backend is \"localhost:7070\", where the proxy itself listens", "--backend", "a:1", "--backend", "localhost:7070")]
    [InlineData("--backend is \"127.0.0.1:1\", where the proxy itself listens", "--backend", "127.0.0.1:1", "--listen", "localhost:1")]
    [InlineData("--backend is \"unix:/a\", where the proxy itself listens", "--backend", "unix:/a", "--listen", "unix:/a")]
    [InlineData("names \"127.0.0.1:1\" twice", "--backend", "a:1", "--listen", "localhost:1", "--listen", "127.0.0.1:1")]
    [InlineData("names \"127.0.0.1:1\" twice", "--backend", "a:1", "--listen", "localhost:1", "--metrics", "localhost:1")]
    [InlineData("--backoff is 10s, but must be at most what --max-backoff is, 1s", "--backend", "a:1", "--backoff", "10s", "--max-backoff", "1s")]
    [InlineData("--backend names \"a:1\" twice", "--backend", "a:1", "--backend", "a:1")]
    [InlineData("--listen is \"example.org:80\", but must be an address of this machine", "--backend", "a:1", "--listen", "example.org:80")]
    [InlineData("--policy is \"random\", but must be round-robin or least-connections", "--backend", "a:1", "--policy", "random")]
    [InlineData("--proxy-protocol is \"v3\", but must be none or v2", "--backend", "a:1", "--proxy-protocol", "v3")]
    [InlineData("--connect-timeout is \"0s\"", "--backend", "a:1", "--connect-timeout", "0s")]
    [InlineData("--idle-timeout is \"soon\"", "--backend", "a:1", "--idle-timeout", "soon")]
    [InlineData("--drain-timeout is \"none\"", "--backend", "a:1", "--drain-timeout", "none")]
    [InlineData("--max-connections is \"0\"", "--backend", "a:1", "--max-connections", "0")]
    [InlineData("--policy was given twice", "--backend", "a:1", "--policy", "round-robin", "--policy", "round-robin")]
    [InlineData("\"--frobnicate\" is no option", "--backend", "a:1", "--frobnicate")]
    [InlineData("\"7070\" is one word too many", "--backend", "a:1", "7070")]
    [InlineData("the settings cannot be read", "--config", "/nowhere/at/all.json")]
    public void Command_line_that_makes_no_sense_is_refused(string complaint, params string[] arguments) =>
        Assert.Contains(complaint, Assert.Throws<UsageException>(() => ProxySettings.Parse(arguments)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("--connect-timeout is \"soon\"", """{ "Backend": "a:1", "ConnectTimeout": "soon" }""")]
    [InlineData("--backend is \"banana\"", """{ "Backend": ["banana"] }""")]
    [InlineData("--backend is \"true\", but must be a string, a number, or a list", """{ "Backend": true }""")]
    [InlineData("\"--frobnicate\" is no option", """{ "Backend": "a:1", "Frobnicate": "1" }""")]
    [InlineData("there is no JSON", """{ "Backend" """)]
    [InlineData("there must be an object", "[]")]
    public void File_that_makes_no_sense_is_refused_by_its_name(string complaint, string json)
    {
        using var folder = new TemporaryFolder();
        var file = Write(folder, json);

        var mistake = Assert.Throws<UsageException>(() => ProxySettings.Parse(["--config", file, "--backend", "b:2", "--connect-timeout", "1s"]));

        Assert.StartsWith($"in {file}, {complaint}", mistake.Message, StringComparison.Ordinal);
    }

    private static void AssertIsAsTyped(ProxySettings settings)
    {
        Assert.Equal(["127.0.0.1:1", "unix:/tmp/in"], settings.Listen.Select(EndPointText.Format));
        Assert.Equal(["10.0.0.1:80", "unix:/tmp/out"], settings.Backends.Select(EndPointText.Format));
        Assert.Equal(
            (BackendPolicy.LeastConnections, TimeSpan.FromSeconds(2), null, TimeSpan.FromMinutes(1), 100, true),
            (settings.Policy, settings.ConnectTimeout, settings.IdleTimeout, settings.DrainTimeout, settings.MaxConnections, settings.SendsProxyHeader));
        Assert.Equal("127.0.0.1:7071", EndPointText.Format(settings.Status!));
        Assert.Equal(new BackoffTime(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5)), settings.Backoff);
    }

    private static string Write(TemporaryFolder folder, string json)
    {
        var file = folder.File("proxy.json");
        File.WriteAllText(file, json);
        return file;
    }
}
