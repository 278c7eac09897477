namespace NetKit.Tests.Serving;

public sealed class WatchRecordTests
{
    private static readonly TimeSpan s_tick = TimeSpan.FromTicks(1);
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(30);

    private static WatchedPair IdleAfter30s() => new(new ConnectionServerOptions { IdleTimeout = s_idle });

    private static WatchedPair AtLeast240BytesPerSecond() =>
        new(new ConnectionServerOptions { MinReceiveRate = new MinDataRate(240, TimeSpan.FromSeconds(5)) });

    [Fact]
    public void Nothing_moved_from_the_beginning_and_it_is_idle_at_the_timeout_not_before()
    {
        var pair = IdleAfter30s();
        Assert.Equal(CloseCause.None, pair.LookAfter(s_idle - s_tick));
        Assert.Equal(CloseCause.Idle, pair.LookAfter(s_tick));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_byte_in_either_direction_begins_the_time_anew(bool isReceived)
    {
        var pair = IdleAfter30s();
        for (var times = 0; times < 20; times++)
        {
            Assert.Equal(CloseCause.None, pair.LookAfter(s_idle - s_tick));
            Move(pair, isReceived);
            Assert.Equal(CloseCause.None, pair.Look());
        }

        Assert.Equal(CloseCause.Idle, pair.LookAfter(s_idle));
    }

    [Fact]
    public void A_byte_that_a_look_finds_counts_from_the_look_so_it_is_never_idle_early()
    {
        var pair = IdleAfter30s();
        pair.LookAfter(s_second);
        pair.Receive();
        pair.LookAfter(s_second);
        Assert.Equal(CloseCause.None, pair.LookAfter(s_idle - s_tick));
        Assert.Equal(CloseCause.Idle, pair.LookAfter(s_tick));
    }

    [Fact]
    public void A_client_that_only_receives_lives_although_a_read_waits_for_it_all_the_time()
    {
        var pair = IdleAfter30s();
        pair.Await();
        for (var times = 0; times < 20; times++)
        {
            pair.Send();
            Assert.Equal(CloseCause.None, pair.LookAfter(s_idle / 2));
        }
    }

    [Fact]
    public void A_client_that_takes_nothing_of_a_write_is_stalled_although_it_sends()
    {
        var pair = IdleAfter30s();
        pair.Stall();
        Assert.Equal(CloseCause.None, pair.Look());
        for (var seconds = 1; seconds < 30; seconds++)
        {
            pair.Receive();
            Assert.Equal(CloseCause.None, pair.LookAfter(s_second));
        }

        pair.Receive();
        Assert.Equal(CloseCause.Stalled, pair.LookAfter(s_second));
    }

    [Fact]
    public void A_client_that_takes_a_little_of_a_write_now_and_then_is_not_stalled()
    {
        var pair = IdleAfter30s();
        pair.Stall();
        for (var times = 0; times < 20; times++)
        {
            Assert.Equal(CloseCause.None, pair.LookAfter(s_idle - s_second));
            pair.Take(1);
            Assert.Equal(CloseCause.None, pair.Look());
        }
    }

    [Fact]
    public void The_time_of_a_stalled_write_begins_with_the_write()
    {
        var pair = IdleAfter30s();
        for (var seconds = 0; seconds < 25; seconds++)
        {
            pair.Receive();
            Assert.Equal(CloseCause.None, pair.LookAfter(s_second));
        }

        pair.Stall();
        for (var seconds = 0; seconds < 25; seconds++)
        {
            pair.Receive();
            Assert.Equal(CloseCause.None, pair.LookAfter(s_second));
        }
    }

    [Fact]
    public void It_is_too_old_at_its_lifetime_whatever_moves()
    {
        var pair = new WatchedPair(new ConnectionServerOptions { MaxConnectionLifetime = s_idle });
        for (var seconds = 1; seconds < 30; seconds++)
        {
            pair.Receive();
            pair.Send();
            Assert.Equal(CloseCause.None, pair.LookAfter(s_second));
        }

        Assert.Equal(CloseCause.None, pair.LookAfter(s_second - s_tick));
        Assert.Equal(CloseCause.TooOld, pair.LookAfter(s_tick));
    }

    [Theory]
    [InlineData(1, 1_000)]
    [InlineData(1, 4_500)]
    [InlineData(50, 500)]
    [InlineData(239, 1_000)]
    public void A_client_that_sends_below_the_rate_is_ended_but_not_before_the_grace_period(int bytes, int everyMilliseconds)
    {
        var pair = AtLeast240BytesPerSecond();
        var cut = SendUntilCut(pair, bytes, TimeSpan.FromMilliseconds(everyMilliseconds), TimeSpan.FromHours(1));
        Assert.NotNull(cut);

        // What is missing each second, of what the grace period lends.
        var expected = TimeSpan.FromSeconds(240 * 5 / (240 - (bytes * 1000.0 / everyMilliseconds)));
        Assert.InRange(cut.Value, expected, expected + TimeSpan.FromMilliseconds(everyMilliseconds + 1));
    }

    [Theory]
    [InlineData(240, 1_000)]
    [InlineData(1_000, 4_000)]
    [InlineData(3, 10)]
    public void A_client_that_keeps_the_rate_lives(int bytes, int everyMilliseconds) =>
        Assert.Null(SendUntilCut(AtLeast240BytesPerSecond(), bytes, TimeSpan.FromMilliseconds(everyMilliseconds), TimeSpan.FromHours(1)));

    [Theory]
    [InlineData(5)]
    [InlineData(60)]
    public void A_client_that_rests_for_the_grace_period_between_small_messages_lives(int restSeconds) =>
        Assert.Null(SendUntilCut(AtLeast240BytesPerSecond(), 1, TimeSpan.FromSeconds(restSeconds), TimeSpan.FromHours(10)));

    [Fact]
    public void With_an_idle_timeout_of_three_quarters_of_the_grace_period_no_rest_saves_a_client_that_sends_a_byte_now_and_then()
    {
        var grace = TimeSpan.FromSeconds(4);
        var idle = grace * 3 / 4;
        var look = idle / 8;
        for (var looks = 1; looks < 20; looks++)
        {
            var pair = new WatchedPair(new ConnectionServerOptions { IdleTimeout = idle, MinReceiveRate = new MinDataRate(240, grace) });
            var (cause, passed) = (CloseCause.None, 0);
            for (; cause == CloseCause.None; passed++)
            {
                if (passed % looks == 0)
                {
                    // Comes right after a look, so that the next one takes it for later than it was.
                    pair.Receive();
                    pair.Await();
                }

                cause = pair.LookAfter(look);
            }

            Assert.Equal(looks <= 8 ? CloseCause.SlowToSend : CloseCause.Idle, cause);
            Assert.InRange(passed * look, idle, 3 * grace);
        }
    }

    [Fact]
    public void A_client_that_has_sent_much_gets_no_credit_beyond_the_grace_period()
    {
        var pair = AtLeast240BytesPerSecond();
        for (var times = 0; times < 100; times++)
        {
            pair.Receive(60_000);
        }

        Assert.Equal(CloseCause.None, pair.Look());
        Assert.InRange(SendUntilCut(pair, 1, s_second, TimeSpan.FromHours(1)) ?? TimeSpan.MaxValue, 5 * s_second, 7 * s_second);
    }

    [Fact]
    public void A_slow_client_that_stops_altogether_is_idle_and_not_slow()
    {
        var pair = AtLeast240BytesPerSecond();
        Assert.Null(SendUntilCut(pair, 1, s_second, 4 * s_second));
        pair.Await();
        for (var seconds = 0; seconds < 1_000; seconds++)
        {
            Assert.Equal(CloseCause.None, pair.LookAfter(s_second));
        }
    }

    [Fact]
    public void Time_in_which_the_handler_does_not_wait_for_data_costs_the_client_nothing()
    {
        var pair = AtLeast240BytesPerSecond();
        for (var seconds = 0; seconds < 1_000; seconds++)
        {
            Assert.Equal(CloseCause.None, pair.LookAfter(s_second));
            pair.Receive();
        }
    }

    [Fact]
    public void Counters_that_wrap_around_are_counted_on()
    {
        var pair = new WatchedPair(new ConnectionServerOptions { IdleTimeout = s_idle, MinReceiveRate = new MinDataRate(1_000_000, s_second) });
        for (var times = 0; times < 40; times++)
        {
            // 40 times 256 MB are more than twice 4 GB.
            pair.Server.Reading.CountReceived(256 * 1024 * 1024);
            Assert.Equal(CloseCause.None, pair.LookAfter(s_second));
        }

        Assert.Equal(unchecked((uint)(40L * 256 * 1024 * 1024)), pair.Server.Reading.Received);
    }

    private static void Move(WatchedPair pair, bool isReceived)
    {
        if (isReceived)
        {
            pair.Receive();
        }
        else
        {
            pair.Send();
        }
    }

    /// <summary>Lets the client send at equal intervals while a read always waits, and looks eight times an interval.</summary>
    private static TimeSpan? SendUntilCut(WatchedPair pair, int bytes, TimeSpan interval, TimeSpan atMost)
    {
        for (var passed = interval; passed < atMost; passed += interval)
        {
            pair.Await();
            for (var look = 0; look < 8; look++)
            {
                Assert.Equal(CloseCause.None, pair.LookAfter(interval / 8));
            }

            pair.Receive(bytes);
            if (pair.Look() is var cause && cause != CloseCause.None)
            {
                Assert.Equal(CloseCause.SlowToSend, cause);
                return passed;
            }
        }

        return null;
    }
}
