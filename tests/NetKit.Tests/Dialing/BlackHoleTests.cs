using System.Globalization;

namespace NetKit.Tests.Dialing;

/// <summary>Dials past addresses that swallow every packet, in a network of the test's own.</summary>
[Collection(nameof(Alone))]
public sealed class BlackHoleTests
{
    private const int Dials = 8;
    private const double AttemptDelay = 250;
    private const double Tolerance = 100;

    // What the framework's socket, which dials one address after another, does in the same time: it waits for the kernel to
    // give up, two minutes later.
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_second_address_is_reached_after_the_delay_when_the_first_is_a_black_hole()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        await network.BlackholeAsync("192.0.2.9");
        var lines = await DialAsync(network, "tcp", "-", "192.0.2.9,127.0.0.1");
        AssertConnectedInTime(lines, delays: 1, lost: "192.0.2.9", won: "127.0.0.1", "connect");
        AssertFrameworkStillWaits(lines);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Ipv4_is_reached_after_the_delay_when_ipv6_is_a_black_hole()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        await network.BlackholeAsync("2001:db8::9");
        await network.AddHostAsync("dual.test", "2001:db8::9", "127.0.0.1");
        var lines = await DialAsync(network, "tcp", "dual.test", "2001:db8::9,127.0.0.1");
        AssertConnectedInTime(lines, delays: 1, lost: "[2001:db8::9]", won: "127.0.0.1", "connect");
        AssertFrameworkStillWaits(lines);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Ipv4_is_reached_after_the_delay_when_every_address_of_ipv6_is_a_black_hole()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        string[] holes = ["2001:db8::9", "2001:db8::a", "2001:db8::b"];
        foreach (var hole in holes)
        {
            await network.BlackholeAsync(hole);
        }

        await network.AddHostAsync("dual.test", [.. holes, "127.0.0.1"]);
        var lines = await DialAsync(network, "tcp", "dual.test", "127.0.0.1");
        AssertConnectedInTime(lines, delays: 1, lost: "[2001:db8::", won: "127.0.0.1", "connect");
        AssertFrameworkStillWaits(lines);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_second_address_is_reached_after_the_delay_when_the_first_never_answers_tls()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        await network.AddAddressAsync("198.51.100.1");
        var lines = await DialAsync(network, "tls", "-", "198.51.100.1,127.0.0.1");
        AssertConnectedInTime(lines, delays: 1, lost: "198.51.100.1", won: "127.0.0.1", "TLS handshake");
    }

    private static Task<string[]> DialAsync(NetworkNamespace network, string kind, string host, string addresses) => network.RunAsync(
        Repository.ProgramOf("NetKit.Tests.Dialer"),
        kind,
        host,
        addresses,
        Dials.ToString(CultureInfo.InvariantCulture));

    private static void AssertConnectedInTime(string[] lines, int delays, string lost, string won, string phase)
    {
        Assert.Equal(Dials + 1, lines.Length);
        var times = new List<double>();
        foreach (var line in lines[..Dials])
        {
            times.Add(double.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture));
            var attempts = line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].Split("; ");
            Assert.Equal(delays + 1, attempts.Length);
            Assert.StartsWith(lost, attempts[0], StringComparison.Ordinal);
            Assert.Contains($"{phase} lost to a faster one", attempts[0], StringComparison.Ordinal);
            Assert.StartsWith(won, attempts[1], StringComparison.Ordinal);
            Assert.Contains($"{phase} succeeded", attempts[1], StringComparison.Ordinal);
        }

        // Never early. That one is in time shows that nothing had to be waited for; the others may have had a busy neighbour.
        Assert.All(times, time => Assert.InRange(time, AttemptDelay * delays, 10_000));
        Assert.InRange(times.Min(), AttemptDelay * delays, (AttemptDelay * delays) + Tolerance);
    }

    private static void AssertFrameworkStillWaits(string[] lines)
    {
        var (state, elapsed) = (lines[^1].Split(' ')[0], double.Parse(lines[^1].Split(' ')[1], CultureInfo.InvariantCulture));
        Assert.Equal("pending", state);
        Assert.InRange(elapsed, AttemptDelay * Dials, double.MaxValue);
    }
}
