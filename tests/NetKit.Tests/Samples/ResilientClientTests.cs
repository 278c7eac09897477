using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Samples;

[Collection(OneSampleAtATime.Name)]
public sealed class ResilientClientTests
{
    [Fact]
    public async Task Without_a_host_it_reaches_its_own_late_server_through_retries_and_gets_the_page()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("ResilientClient", "--budget", "1m", "--retries", "1000");
        Assert.Equal(0, exitCode);
        Assert.Matches(@"(?m)^  address +phase +begun at ms +elapsed ms  outcome$", output);
        Assert.Matches(@"(?m)^  127\.0\.0\.2:\d+ +connect +\d+\.\d +\d+\.\d  Failed: Refused$", output);
        Assert.Matches(@"(?m)^  127\.0\.0\.1:\d+ +connect +\d+\.\d +\d+\.\d  Failed: Refused$", output);
        Assert.Matches(@"(?m)^  127\.0\.0\.1:\d+ +connect +\d+\.\d +\d+\.\d  Connected\nConnected to 127\.0\.0\.1:\d+ after \d+ ms, in \d+ attempt", output);
        Assert.Matches(@"(?m)^HttpClient: http://late\.example:\d+/ is 200 OK, \d+ B\.$", output);
    }

    [Fact]
    public async Task Host_where_nobody_listens_is_given_up_after_the_retries_with_every_attempt_in_the_table()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var (exitCode, output) = await SampleProcess.RunAsync("ResilientClient", $"{nobody.LocalEndPoint}", "--retries", "2");
        Assert.Equal(1, exitCode);
        Assert.Equal(3, output.Split('\n').Count(line => line.StartsWith($"  {nobody.LocalEndPoint}", StringComparison.Ordinal)));
        Assert.Contains(
            $"ResilientClient: cannot reach {nobody.LocalEndPoint}: dial {nobody.LocalEndPoint}: connection refused, nobody listens there; 3 attempts, with --retries 2 and --budget 10s.",
            output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_that_does_not_speak_http_is_connected_to_and_then_reported()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        var (exitCode, output) = await SampleProcess.RunAsync("ResilientClient", $"{await EchoServerTests.EndPointAsync(server)}");
        Assert.Equal(1, exitCode);
        Assert.Contains("in 1 attempt.", output, StringComparison.Ordinal);
        Assert.Matches("(?m)^ResilientClient: .*HTTP", output);
    }

    [Theory]
    [InlineData("unix:/somewhere")]
    [InlineData("unix:")]
    [InlineData("localhost:0")]
    [InlineData("--tls")]
    [InlineData("--retries", "many")]
    [InlineData("--budget", "none")]
    [InlineData("--path", "nowhere")]
    [InlineData("localhost:80", "localhost:81")]
    public async Task Command_line_that_makes_no_sense_is_refused(params string[] arguments)
    {
        var (exitCode, output) = await SampleProcess.RunAsync("ResilientClient", arguments);
        Assert.Equal(2, exitCode);
        Assert.Contains("See --help.", output, StringComparison.Ordinal);
    }
}
