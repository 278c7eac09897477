using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

[Collection(OneSampleAtATime.Name)]
public sealed class RedisPingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_go_on_while_its_own_server_cuts_connections()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("RedisPing", "--for", "2s", "--cut-every", "20ms", "--timeout", "30s");

        Assert.Equal(0, exitCode);
        AssertSummary(output);
        Assert.Matches(@"(?m)^ +1 s +[\d,]+ answered +\d+ failed +\d+ cut \| \d idle, \d leased, \d dialing, \d+ waiting \| ", output);
    }

    [Fact]
    public async Task Calls_go_on_while_connections_to_a_real_server_are_killed_and_nobody_elses()
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort(Random.Shared));
        await using var redis = RedisServer.At(endPoint);
        await redis.StartAsync(Token);
        await using var bystander = await new Dialer().DialAsync(endPoint, Token);

        var (exitCode, output) = await SampleProcess.RunAsync("RedisPing", $"{endPoint}", "--for", "2s", "--cut-every", "20ms", "--timeout", "30s");

        Assert.Equal(0, exitCode);
        AssertSummary(output);
        Assert.EndsWith("Every answer was right.", output.TrimEnd(), StringComparison.Ordinal);
        var keys = await RedisExchange.RunAsync(bystander, Deadline.After(Eventually.Bound), Token, "DBSIZE");
        Assert.Equal(new RespValue.Integer(0), keys);
    }

    [Theory]
    [InlineData(false, "FAILED: the server is out of reach, so the counter could not be checked.")]
    [InlineData(true, "FAILED: the counter was lost; did the server restart without persistence?")]
    public async Task Real_server_that_is_killed_fails_it_with_a_verdict(bool restarts, string verdict)
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort(Random.Shared));
        await using var redis = RedisServer.At(endPoint);
        await redis.StartAsync(Token);
        await using var sample = SampleProcess.Start("RedisPing", $"{endPoint}", "--for", "1h", "--cut-every", "none", "--timeout", "5s");
        await sample.SaysAsync("^ +1 s ");
        await redis.KillAsync();
        if (restarts)
        {
            await redis.StartAsync(Token);
        }

        sample.Terminate();

        Assert.Equal(1, await sample.ExitAsync());
        Assert.Contains(verdict, sample.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Signal_ends_it_with_a_summary(bool interrupt)
    {
        Assert.SkipWhen(interrupt && !SampleProcess.MayBeInterrupted, "SIGINT is ignored here, and by what is started from here.");
        await using var sample = SampleProcess.Start("RedisPing", "--for", "1h", "--cut-every", "none");
        await sample.SaysAsync("^ +1 s ");

        if (interrupt)
        {
            sample.Interrupt();
        }
        else
        {
            sample.Terminate();
        }

        Assert.Equal(0, await sample.ExitAsync());
        Assert.Matches("(?m)^0 connections cut; ", sample.Output);
    }

    [Fact]
    public async Task Server_out_of_reach_is_one_clear_sentence_and_exit_code_1()
    {
        var nobody = $"unix:{Path.Combine(Path.GetTempPath(), $"netkit-{Guid.NewGuid():N}.sock")}";

        var (exitCode, output) = await SampleProcess.RunAsync("RedisPing", nobody);

        Assert.Equal(1, exitCode);
        Assert.Matches($"(?m)^RedisPing: acquire .*{Regex.Escape(nobody["unix:".Length..])}", output);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_speaks_something_else_is_one_clear_sentence_and_exit_code_1()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var server = new ConnectionServer(
            listener, async (connection, stopping) => await connection.WriteAsync("HTTP/1.1 400 Bad Request\r\n"u8.ToArray(), stopping));
        var running = server.RunAsync(Token);

        var (exitCode, output) = await SampleProcess.RunAsync("RedisPing", $"{listener.LocalEndPoint}");

        Assert.Equal(1, exitCode);
        Assert.Contains("does not speak Redis: a value begins with 'H', not with one of + - : $ *", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--callers is \"0\"", "--callers", "0")]
    [InlineData("--connections is \"many\"", "--connections", "many")]
    [InlineData("--for is \"none\"", "--for", "none")]
    [InlineData("--cut-every is \"often\"", "--cut-every", "often")]
    [InlineData("the server is \"nowhere\"", "nowhere")]
    [InlineData("\"there:2\" is one word too many", "here:1", "there:2")]
    public async Task Garbage_is_refused_by_value_and_option_with_exit_code_2(string complaint, params string[] arguments)
    {
        var (exitCode, output) = await SampleProcess.RunAsync("RedisPing", arguments);

        Assert.Equal(2, exitCode);
        Assert.StartsWith($"RedisPing: {complaint}", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_lists_the_options()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("RedisPing", "--help");

        Assert.Equal(0, exitCode);
        Assert.All(
            ["--for", "--callers", "--connections", "--cut-every", "--timeout"],
            option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    private static void AssertSummary(string output)
    {
        var numbers = Regex.Match(
            output,
            @"(?m)^([\d,]+) calls answered, ([\d,]+) failed, 0 answered wrongly\n([\d,]+) connections cut; ([\d,]+) dialed, ([\d,]+) reused, ([\d,]+) closed$");
        Assert.True(numbers.Success, output);
        var (answered, failed, cut, dialed, reused, closed) = (Of(1), Of(2), Of(3), Of(4), Of(5), Of(6));
        Assert.True(answered > 0 && cut > 0, output);
        Assert.True(failed <= cut, output);
        Assert.True(closed <= dialed && dialed <= cut + 4, output);
        Assert.True(reused > 0, output);

        long Of(int group) => long.Parse(numbers.Groups[group].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }
}
