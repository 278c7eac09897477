using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Connections;

// A deadline that fires while it is moved. On memory connections and a clock that the test moves, so that only the race is left.
public sealed class DeadlineRaceTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_firing_that_comes_after_the_extension_is_ignored()
    {
        var time = new LateFiringTime();
        await using var pair = Pairs.Memory(time);
        var (client, server) = pair;
        client.ReadDeadline = Deadline.After(s_second, time);
        var read = client.ReadAsync(new byte[1]).AsTask();

        // The timer rings, and before what it calls has run, the deadline is moved.
        time.BeforeFiring = () => client.ReadDeadline = Deadline.After(s_second, time);
        time.Advance(s_second);
        await Waiting.StillWaits(read);

        time.BeforeFiring = () => client.ReadDeadline = Deadline.None;
        time.Advance(s_second);
        await Waiting.StillWaits(read);

        await server.WriteAsync(new byte[] { 1 });
        Assert.Equal(1, await read);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_firing_that_comes_after_the_extension_of_a_write_is_ignored()
    {
        var time = new LateFiringTime();
        await using var pair = Pairs.Memory(time);
        var (client, server) = pair;
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = client.WriteAsync(Payload.Large).AsTask();
        time.BeforeFiring = () => client.WriteDeadline = Deadline.After(s_second, time);
        time.Advance(s_second);
        await Waiting.StillWaits(write);
        time.BeforeFiring = null;
        var received = Peer.ReceiveBeginningOfAsync(server, Payload.Large);
        await write;
        await client.CompleteWritesAsync();
        Assert.Equal(Payload.Large.Length, await received);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Data_that_came_before_the_firing_wins()
    {
        var time = new LateFiringTime();
        await using var pair = Pairs.Memory(time);
        var (client, server) = pair;
        client.ReadDeadline = Deadline.After(s_second, time);
        var read = client.ReadAsync(new byte[1]).AsTask();
        time.BeforeFiring = () => server.Write([1]);
        time.Advance(s_second);
        Assert.Equal(1, await read);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task However_extension_and_firing_race_no_wake_up_and_no_byte_is_lost()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        var (client, server) = pair;
        using var together = new Barrier(2);
        const int Rounds = 2000;
        var outcomes = new int[2];

        // Two threads of their own: the pool would spread them over time.
        var clock = Waiting.OnThread(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                together.SignalAndWait();
                time.Advance(s_second);
                together.SignalAndWait();
            }
        });
        await Waiting.OnThread(() =>
        {
            var buffer = new byte[1];
            for (var i = 0; i < Rounds; i++)
            {
                client.ReadDeadline = Deadline.After(s_second, time);
                var read = client.ReadAsync(buffer).AsTask();
                together.SignalAndWait();
                client.ReadDeadline = Deadline.After(TimeSpan.FromDays(1), time);
                together.SignalAndWait();

                // Either it was too late for the read, or the read goes on under the new deadline: the byte decides.
                server.Write([(byte)i]);
                try
                {
                    Assert.Equal(1, read.GetAwaiter().GetResult());
                    outcomes[0]++;
                }
                catch (DeadlineExceededException)
                {
                    Assert.Equal(1, client.Read(buffer));
                    outcomes[1]++;
                }

                Assert.Equal((byte)i, buffer[0]);
            }
        });
        await clock;
        Assert.Equal(Rounds, outcomes.Sum());
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("memory")]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task A_deadline_that_passes_while_the_write_goes_on_ends_it(string transport)
    {
        for (var i = 0; i < 100; i++)
        {
            var time = new FakeTimeProvider();
            await using var pair = transport switch
            {
                "memory" => Pairs.Memory(time),
                "tcp" => await Pairs.TcpAsync(),
                _ => await Pairs.UnixAsync(),
            };
            var (client, server) = pair;
            client.WriteDeadline = Deadline.After(s_second, time);
            var write = client.WriteAsync(Payload.Large).AsTask();

            // The peer makes room, so the write is on its way, not waiting, when the clock is moved, once.
            var some = await Peer.ReadAsync(server, 1 + (i * 1000));
            time.Advance(s_second);
            Assert.InRange((await Fails.AtDeadline(write)).BytesTransferred, some.Length, Payload.Large.Length - 1);
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_deadline_set_in_the_past_ends_what_waits_although_the_clock_stands_still()
    {
        // The same happens to an operation that begins to wait while the clock is moved past its deadline.
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        var client = pair.First;
        var read = client.ReadAsync(new byte[1]).AsTask();
        var write = client.WriteAsync(Payload.Large).AsTask();
        client.SetDeadline(Deadline.After(-s_second, time));
        await Fails.AtDeadline(read.Within());
        await Fails.AtDeadline(write.Within());
    }

    /// <summary>A clock whose timers can be held up just before what they call.</summary>
    private sealed class LateFiringTime : FakeTimeProvider
    {
        public Action? BeforeFiring { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                held =>
                {
                    BeforeFiring?.Invoke();
                    callback(held);
                },
                state,
                dueTime,
                period);
    }
}
