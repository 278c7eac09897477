using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace NetKit.Tests.Samples;

[Collection(OneSampleAtATime.Name)]
public sealed class EchoClientTests
{
    [Fact]
    public async Task Each_line_typed_is_echoed_before_the_next()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        await using var client = SampleProcess.Start("EchoClient", $"{await EchoServerTests.EndPointAsync(server)}");
        await client.SaysAsync("^Connected to ");

        await client.TypeAsync("first");
        await client.SaysAsync("^first$");
        await client.TypeAsync("");
        await client.TypeAsync("zweite Zeile: äöü €");
        await client.SaysAsync("^zweite Zeile: äöü €$");
        client.EndInput();

        Assert.Equal(0, await client.ExitAsync());
    }

    [Fact]
    public async Task Line_far_longer_than_every_buffer_is_echoed()
    {
        var line = new string('x', 8_000_000);
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        await using var client = SampleProcess.Start("EchoClient", $"{await EchoServerTests.EndPointAsync(server)}", "--timeout", "1m");
        await client.TypeAsync(line);
        client.EndInput();

        Assert.Equal(0, await client.ExitAsync());
        Assert.Contains(line, client.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_does_not_answer_is_given_up_at_the_deadline()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var client = SampleProcess.Start("EchoClient", $"{silent.LocalEndpoint}", "--timeout", "3s"); // for its dial as well, cold as it is
        await client.TypeAsync("anybody?");

        Assert.Equal(1, await client.ExitAsync());
        Assert.Matches("^EchoClient: read .*deadline", Complaint(client.Output));
    }

    [Fact]
    public async Task Server_that_hangs_up_is_reported()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0", "--idle-timeout", "200ms");
        await using var client = SampleProcess.Start("EchoClient", $"{await EchoServerTests.EndPointAsync(server)}");
        await server.SaysAsync("ended: the peer is idle");
        await client.TypeAsync("too late");

        Assert.Equal(1, await client.ExitAsync());
        Assert.NotEmpty(Complaint(client.Output));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--bench")]
    public async Task Server_out_of_reach_is_one_clear_sentence_and_exit_code_1(string mode)
    {
        var nobody = $"unix:{Path.Combine(Path.GetTempPath(), $"netkit-{Guid.NewGuid():N}.sock")}";

        var (exitCode, output) = await SampleProcess.RunAsync("EchoClient", [nobody, .. mode.Length > 0 ? [mode] : Array.Empty<string>()]);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"EchoClient: dial {nobody}: there is no such socket (", output, StringComparison.Ordinal);
        Assert.Contains("\nIs a server running there?", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_shows_progress_and_ends_with_rates_and_percentiles()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        var (exitCode, output) = await SampleProcess.RunAsync(
            "EchoClient", $"{await EchoServerTests.EndPointAsync(server)}", "--bench", "--seconds", "2", "--connections", "3", "--size", "100");

        Assert.Equal(0, exitCode);
        Assert.Equal(2, Regex.Count(output, @"^ +[12] s +[\d,]+ round trips/s$", RegexOptions.Multiline));
        Assert.Matches(@"(?m)^[\d,]+ round trips of 100 bytes on 3 connections in 2\.\d\d s$", output);
        var numbers = Regex.Match(
            output, @"^([\d,]+) round trips/s, p50 (\S+) µs, p90 (\S+) µs, p99 (\S+) µs, p99\.9 (\S+) µs, max (\S+) µs$", RegexOptions.Multiline);
        Assert.True(numbers.Success, output);
        var values = numbers.Groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(values[0] > 0);
        Assert.Equal(values[1..].Order(), values[1..]);
    }

    [Fact]
    public async Task Bench_ends_at_once_when_the_server_goes_away()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        await using var client = SampleProcess.Start(
            "EchoClient", $"{await EchoServerTests.EndPointAsync(server)}", "--bench", "--seconds", "3600", "--connections", "2");
        await client.SaysAsync("^ +1 s ");
        server.Terminate();

        Assert.Equal(1, await client.ExitAsync());
        Assert.NotEmpty(Complaint(client.Output));
        Assert.Matches(@"(?m)^[\d,]+ round trips/s, p50 ", client.Output);
    }

    [Fact]
    public async Task Bench_that_is_interrupted_ends_with_what_was_measured()
    {
        Assert.SkipWhen(!SampleProcess.MayBeInterrupted, "SIGINT is ignored here, and by what is started from here.");
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        await using var client = SampleProcess.Start("EchoClient", $"{await EchoServerTests.EndPointAsync(server)}", "--bench", "--seconds", "3600");
        await client.SaysAsync("^ +1 s ");
        client.Interrupt();

        Assert.Equal(0, await client.ExitAsync());
        Assert.Matches(@"(?m)^[\d,]+ round trips/s, p50 ", client.Output);
    }

    [Theory]
    [InlineData("--seconds is \"0\"", "--bench", "--seconds", "0")]
    [InlineData("--connections is \"x\"", "--bench", "--connections", "x")]
    [InlineData("--size is \"65537\"", "--bench", "--size", "65537")]
    [InlineData("--timeout is \"none\"", "--timeout", "none")]
    [InlineData("--size belongs to --bench", "--size", "64")]
    [InlineData("the server is \"nowhere\"", "nowhere")]
    [InlineData("the server is \"here:0\", but must be host:port with a port from 1 to 65535", "here:0")]
    [InlineData("--timeout was given twice", "--timeout", "1s", "--timeout", "2s")]
    [InlineData("\"--fast\" is no option", "--fast")]
    [InlineData("\"--timeuot\" is no option", "--timeuot", "3s")]
    [InlineData("\"--timeuot\" is no option", "here:1", "--timeuot", "3s")]
    [InlineData("\"there:2\" is one word too many", "here:1", "there:2")]
    public async Task Garbage_is_refused_by_value_and_option_with_exit_code_2(string complaint, params string[] arguments)
    {
        var (exitCode, output) = await SampleProcess.RunAsync("EchoClient", arguments);

        Assert.Equal(2, exitCode);
        Assert.StartsWith($"EchoClient: {complaint}", output, StringComparison.Ordinal);
    }

    private static string Complaint(string output) => Regex.Match(output, "^EchoClient: .*", RegexOptions.Multiline).Value;
}
