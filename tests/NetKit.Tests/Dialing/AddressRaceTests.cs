using System.Globalization;
using System.Net;
using NetKit.Tests.Timing;

namespace NetKit.Tests.Dialing;

/// <summary>The race of a dial on a clock of the test's own, against a network that follows a script.</summary>
public sealed class AddressRaceTests
{
    private readonly TimerCountingTimeProvider _time = new();

    [Theory]
    [InlineData("the first connects", "+30 +30", "0:1 30:ok")]
    [InlineData("the first connects at once", "+0 +30", "0:1 0:ok")]
    [InlineData("the first is slow", "+900 +30", "0:1 250:2 280:ok")]
    [InlineData("the first is slow, and faster than the second", "+260 +30", "0:1 250:2 260:ok")]
    [InlineData("the first is refused", "-30 +30", "0:1 30:2 60:ok")]
    [InlineData("the first is refused at once", "-0 +30", "0:1 10:2 40:ok")]
    [InlineData("refusals in one family go on to the other and back", "-20 -20 +20", "0:1 20:2 40:3 60:ok")]
    [InlineData("all are refused", "-20 -20 -20", "0:1 20:2 40:3 60:no")]
    [InlineData("all are refused at once", "-0 -0", "0:1 10:2 10:no")]
    [InlineData("black holes, and one that answers", ". . . +30", "0:1 250:2 500:3 750:4 780:ok")]
    [InlineData("one address alone", "+30", "0:1 30:ok")]
    [InlineData("one address alone is refused", "-30", "0:1 30:no")]
    [InlineData("five black holes: the fifth has to wait for the first's share", ". . . . . +9", "0:1 250:2 500:3 750:4 7500:5 7625:6 7634:ok")]
    [InlineData("nobody answers before the time is over", ". .", "0:1 250:2 15000:no")]
    public async Task The_attempts_begin_when_they_should_and_the_first_to_connect_wins(string story, string script, string events)
    {
        var network = new ScriptedConnector(_time, script);
        var dial = network.MakeDialer().DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, story, network, dial, events);
        await AssertNothingIsLeft(network, dial);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(200, 200)]
    [InlineData(60_000, 2_000)]
    public async Task The_delay_can_be_chosen_within_the_bounds_of_the_rfc(int asked, int kept)
    {
        var network = new ScriptedConnector(_time, ". +30");
        var dialer = network.MakeDialer(new DialerOptions { AttemptDelay = TimeSpan.FromMilliseconds(asked) });
        var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "a delay", network, dial, string.Create(CultureInfo.InvariantCulture, $"0:1 {kept}:2 {kept + 30}:ok"));
        await AssertNothingIsLeft(network, dial);
    }

    [Theory]
    [InlineData("+30 +30", "0:1")]
    [InlineData("-0 +30", "0:1")]
    [InlineData(". . . . . .", "0:1 250:2 500:3 750:4")]
    [InlineData("-20 . +30", "0:1 20:2")]
    [InlineData("~900 ~900", "0:1 250:2")]
    public async Task A_cancelled_dial_stops_every_attempt(string script, string events)
    {
        using var source = new CancellationTokenSource();
        var network = new ScriptedConnector(_time, script);
        var dial = network.MakeDialer().DialAsync("host", 80, source.Token).AsTask();
        await DialStory.Play(_time, "before the cancellation", network, dial, events);
        await source.CancelAsync();
        if (script.Contains('~', StringComparison.Ordinal))
        {
            // These connect late, in spite of it. The dial waits for them, to close them.
            await Waiting.StillWaits(dial);
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        await Fails.ByToken(dial.Within(), source.Token);
        await AssertNothingIsLeft(network, dial);
    }

    [Fact]
    public async Task A_loser_that_connects_all_the_same_is_closed_and_its_peer_sees_the_end()
    {
        var network = new ScriptedConnector(_time, "~400 +30");
        var dial = network.MakeDialer().DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "both connect", network, dial, "0:1 250:2");
        _time.Advance(TimeSpan.FromMilliseconds(30));
        await Eventually.Equal(1, () => network.Peers.Count);
        _time.Advance(TimeSpan.FromMilliseconds(120));
        await using var connection = await dial.Within();
        Assert.Equal(2, network.Peers.Count);
        await AssertNothingIsLeft(network, dial);
    }

    [Fact]
    public async Task Every_attempt_is_reported_with_its_time_and_its_end()
    {
        var attempts = new List<DialAttempt>();
        var network = new ScriptedConnector(_time, "-30 . +20 .");
        var dialer = network.MakeDialer(new DialerOptions { OnAttempt = attempts.Add });
        var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "one of each", network, dial, "0:1 30:2 280:3 300:ok");
        await dial.Within();
        attempts.Sort((left, right) => left.Started.CompareTo(right.Started));
        Assert.Equal(
            [(0, 30, DialOutcome.Failed), (30, 270, DialOutcome.Lost), (280, 20, DialOutcome.Connected)],
            attempts.Select(attempt => ((int)attempt.Started.TotalMilliseconds, (int)attempt.Elapsed.TotalMilliseconds, attempt.Outcome)));
        Assert.Equal(
            [0, 1, 2], attempts.Select((attempt, index) => ((IPEndPoint)attempt.EndPoint).Address.Equals(network.AddressOf(index)) ? index : -1));
        Assert.All(attempts, attempt => Assert.Equal(DialPhase.Connect, attempt.Phase));
        Assert.Equal(ConnectionError.Refused, attempts[0].Error!.Error);
    }

    [Fact]
    public async Task When_the_time_is_over_the_error_says_so_and_blames_the_preferred_address()
    {
        var network = new ScriptedConnector(_time, "-30 .");
        var dial = network.MakeDialer().DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "no answer", network, dial, "0:1 30:2 15000:no");
        var exception = await Fails.AsDial(ConnectionError.DeadlineExceeded, dial);
        Assert.Equal(ConnectionError.Refused, exception.Attempts[0].Error!.Error);
        Assert.Equal(DialOutcome.TimedOut, exception.Attempts[1].Outcome);
        Assert.IsType<DeadlineExceededException>(exception.Attempts[1].Error);
        Assert.Equal(TimeSpan.FromMilliseconds(14_970), exception.Attempts[1].Elapsed);
        Assert.Contains("within 15 s (ConnectTimeout)", exception.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(DialerOptions.ConnectTimeout), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attempt_may_have_a_time_of_its_own_and_the_dial_goes_on_without_it()
    {
        var adaptive = new AdaptiveTimeout(new AdaptiveTimeoutOptions { Maximum = TimeSpan.FromMilliseconds(400) }, _time);
        var network = new ScriptedConnector(_time, ". . +30");
        var attempts = new List<DialAttempt>();
        var dialer = network.MakeDialer(new DialerOptions { AttemptTimeout = adaptive, OnAttempt = attempts.Add });
        var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "the first takes too long", network, dial, "0:1 250:2 400:3 430:ok");
        await dial.Within();
        var error = Assert.Single(attempts, attempt => attempt.Outcome == DialOutcome.TimedOut).Error!;
        Assert.Equal(ConnectionError.TimedOut, error.Error);
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.EndsWith("no answer within 400 ms, AttemptTimeout", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempts_that_all_took_too_long_are_not_the_deadline_of_the_dial()
    {
        var adaptive = new AdaptiveTimeout(new AdaptiveTimeoutOptions { Maximum = TimeSpan.FromMilliseconds(400) }, _time);
        var network = new ScriptedConnector(_time, ". .");
        var dial = network.MakeDialer(new DialerOptions { AttemptTimeout = adaptive }).DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "both take too long", network, dial, "0:1 250:2 650:no");
        await Fails.AsDial(ConnectionError.TimedOut, dial);
    }

    [Fact]
    public async Task The_time_of_an_attempt_is_learnt_from_those_that_succeed()
    {
        var options = new AdaptiveTimeoutOptions { Minimum = TimeSpan.FromMilliseconds(50), Maximum = TimeSpan.FromSeconds(5) };
        var adaptive = new AdaptiveTimeout(options, _time);
        for (var times = 0; times < options.ColdStartSamples; times++)
        {
            Assert.Equal(options.Maximum, adaptive.Current);
            var network = new ScriptedConnector(_time, "+30");
            var dial = network.MakeDialer(new DialerOptions { AttemptTimeout = adaptive }).DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
            await DialStory.Play(_time, "it connects", network, dial, "0:1 30:ok");
            await dial.Within();
        }

        Assert.InRange(adaptive.Current, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task The_time_of_an_attempt_is_learnt_also_where_the_dial_has_less_than_the_limit()
    {
        var options = new AdaptiveTimeoutOptions { Minimum = TimeSpan.FromMilliseconds(50), Maximum = TimeSpan.FromSeconds(5) };
        var adaptive = new AdaptiveTimeout(options, _time);
        for (var times = 0; times < options.ColdStartSamples; times++)
        {
            var network = new ScriptedConnector(_time, "+30");
            var dialer = network.MakeDialer(new DialerOptions { AttemptTimeout = adaptive, ConnectTimeout = TimeSpan.FromSeconds(3) });
            var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
            await DialStory.Play(_time, "it connects", network, dial, "0:1 30:ok");
            await dial.Within();
        }

        Assert.InRange(adaptive.Current, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task Ten_thousand_addresses_are_tried_four_at_a_time_until_the_time_is_over()
    {
        var network = new ScriptedConnector(_time, string.Join(' ', Enumerable.Repeat(".", 200)));
        var addresses = Enumerable.Range(0, 10_000).Select(index => index < 200 ? network.AddressOf(index) : new IPAddress(index)).ToArray();
        var dialer = network.MakeDialer(new DialerOptions { Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>(addresses) });
        var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "nobody answers", network, dial, "0:1 250:2 500:3 750:4 2000:5 2250:6 2500:7 2750:8 4000:9");
        Assert.Equal(4, network.Running);
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.NotEmpty((await Fails.AsDial(ConnectionError.DeadlineExceeded, dial)).Attempts);
        Assert.Equal(0, network.Running);
    }

    [Fact]
    public async Task A_thousand_times_the_same_address_is_that_address()
    {
        var network = new ScriptedConnector(_time, "-30");
        var dialer = network.MakeDialer(new DialerOptions
        {
            Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([.. Enumerable.Repeat(network.AddressOf(0), 1_000)]),
        });
        var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "the same address", network, dial, "0:1 30:no");
        Assert.Single((await Fails.AsDial(ConnectionError.Refused, dial)).Attempts);
    }

    [Fact]
    public async Task A_timeout_too_large_for_the_clock_is_no_timeout_that_has_passed()
    {
        var network = new ScriptedConnector(_time, "+30");
        var dialer = network.MakeDialer(new DialerOptions { ConnectTimeout = TimeSpan.MaxValue });
        var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "a large timeout", network, dial, "0:1 30:ok");
        await dial.Within();
    }

    [Fact]
    public async Task Without_a_timeout_a_dial_goes_on_until_it_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        var network = new ScriptedConnector(_time, ".");
        var dialer = network.MakeDialer(new DialerOptions { ConnectTimeout = Timeout.InfiniteTimeSpan });
        var dial = dialer.DialAsync("host", 80, source.Token).AsTask();
        await DialStory.Play(_time, "no timeout", network, dial, "0:1");
        _time.Advance(TimeSpan.FromDays(30));
        await Waiting.StillWaits(dial);
        await source.CancelAsync();
        await Fails.ByToken(dial.Within(), source.Token);
    }

    [Fact]
    public async Task A_tiny_timeout_fails_at_once_with_the_deadline()
    {
        var network = new ScriptedConnector(_time, ".");
        var dialer = network.MakeDialer(new DialerOptions { ConnectTimeout = TimeSpan.FromTicks(1) });
        var dial = dialer.DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        _time.Advance(TimeSpan.FromTicks(1));
        await Fails.AsDial(ConnectionError.DeadlineExceeded, dial);
    }

    [Fact]
    public async Task Dials_that_have_ended_leave_no_timer_behind()
    {
        var network = new ScriptedConnector(_time, "-0 -0 . +30");
        var dial = network.MakeDialer().DialAsync("host", 80, TestContext.Current.CancellationToken).AsTask();
        await DialStory.Play(_time, "some timers", network, dial, "0:1 10:2 20:3 270:4 300:ok");
        await dial.Within();

        // The wheel of the clock itself may be armed still: it finds nothing, and then arms nothing.
        Assert.InRange(_time.Armed, 0, 1);
    }

    /// <summary>However a dial ended, nothing of it runs or is open any more, but its connection.</summary>
    private static async Task AssertNothingIsLeft(ScriptedConnector network, Task<Connection> dial)
    {
        Assert.Equal(0, network.Running);
        var winner = dial.IsCompletedSuccessfully ? await dial : null;
        foreach (var peer in network.Peers)
        {
            if (winner is not null && peer.LocalEndPoint == winner.RemoteEndPoint)
            {
                await Talk.AssertBothWays(winner, peer);
            }
            else
            {
                Assert.Equal(-1, await Talk.ReadByteAsync(peer));
            }
        }
    }
}
