using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// Deadlines on reads, on a clock that the test moves.
public abstract partial class ConnectionContract
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact(Timeout = Watchdog)]
    public async Task A_read_after_its_deadline_fails_again_and_again_and_consumes_nothing()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.WriteAsync(new byte[] { 1, 2, 3 });
        await client.UntilReadable();
        client.ReadDeadline = Past;
        await Fails.AtDeadline(client.ReadAsync(new byte[3]));
        await Fails.AtDeadline(client.ReadAsync(new byte[3]));
        client.ReadDeadline = Deadline.None;
        Assert.Equal([1, 2, 3], await Peer.ReadAsync(client, 3));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_read_that_timed_out_loses_no_byte()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        for (byte i = 0; i < 20; i++)
        {
            client.ReadDeadline = Deadline.After(s_second, time);
            var timedOut = client.ReadAsync(new byte[8]).AsTask();
            time.Advance(s_second);
            await Fails.AtDeadline(timedOut);
            client.ReadDeadline = Deadline.None;
            await server.WriteAsync(new[] { i });
            Assert.Equal([i], await Peer.ReadAsync(client, 1));
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_empty_read_waits_for_data_and_obeys_the_deadline()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.ReadDeadline = Deadline.After(s_second, time);
        var timedOut = client.ReadAsync(Memory<byte>.Empty).AsTask();
        await Waiting.StillWaits(timedOut);
        time.Advance(s_second);
        await Fails.AtDeadline(timedOut);

        client.ReadDeadline = Deadline.None;
        var waiting = client.ReadAsync(Memory<byte>.Empty).AsTask();
        await server.WriteAsync(new byte[] { 7 });
        Assert.Equal(0, await waiting);
        Assert.Equal([7], await Peer.ReadAsync(client, 1));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Extending_the_deadline_of_a_read_that_waits_keeps_it_waiting()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.ReadDeadline = Deadline.After(s_second, time);
        var read = client.ReadAsync(new byte[1]).AsTask();
        client.ReadDeadline = Deadline.After(2 * s_second, time);
        time.Advance(s_second);
        await Waiting.StillWaits(read);
        time.Advance(s_second);
        await Fails.AtDeadline(read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Clearing_the_deadline_of_a_read_that_waits_keeps_it_waiting()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.ReadDeadline = Deadline.After(s_second, time);
        var read = client.ReadAsync(new byte[1]).AsTask();
        client.ReadDeadline = Deadline.None;
        time.Advance(100 * s_second);
        await Waiting.StillWaits(read);
        await server.WriteAsync(new byte[] { 1 });
        Assert.Equal(1, await read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Shortening_the_deadline_of_a_read_that_waits_ends_it_at_the_new_time()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.ReadDeadline = Deadline.After(100 * s_second, time);
        var read = client.ReadAsync(new byte[1]).AsTask();
        client.ReadDeadline = Deadline.After(2 * s_second, time);
        time.Advance(s_second);
        await Waiting.StillWaits(read);
        time.Advance(s_second);
        await Fails.AtDeadline(read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_given_to_a_read_that_waits_without_one_ends_it()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var read = client.ReadAsync(new byte[1]).AsTask();
        client.ReadDeadline = Deadline.After(s_second, time);
        await Waiting.StillWaits(read);
        time.Advance(s_second);
        await Fails.AtDeadline(read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_read_without_a_deadline_waits_although_the_write_deadline_passed_and_ends_with_the_close()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.SetDeadline(Past);
        client.ReadDeadline = Deadline.None;
        var read = client.ReadAsync(new byte[1]).AsTask();
        await Waiting.StillWaits(read);
        await client.DisposeAsync();
        await Fails.AsClosed(read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_stays_until_it_is_changed()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var deadline = Deadline.After(10 * s_second, time);
        client.ReadDeadline = deadline;
        for (var i = 0; i < 9; i++)
        {
            await server.WriteAsync(new byte[1]);
            time.Advance(s_second);
            Assert.Equal(1, await client.ReadAsync(new byte[1]));
        }

        Assert.Equal(deadline, client.ReadDeadline);
        var read = client.ReadAsync(new byte[1]).AsTask();
        await Waiting.StillWaits(read);
        time.Advance(s_second);
        await Fails.AtDeadline(read);
        await Fails.AtDeadline(client.ReadAsync(new byte[1]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_set_from_another_task_releases_a_read_that_waits()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var read = client.ReadAsync(new byte[1]).AsTask();
        await Task.Run(() => client.ReadDeadline = Past);
        await Fails.AtDeadline(read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_in_the_far_future_never_counts_as_past()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        foreach (var far in new[] { TimeSpan.MaxValue, TimeSpan.FromDays(365_000), TimeSpan.FromDays(50), TimeSpan.FromDays(1) })
        {
            client.SetDeadline(Deadline.After(far));
            await client.WriteAsync(new byte[] { 1 });
            Assert.Equal(1, await client.ReadAsync(new byte[1]));
            var read = client.ReadAsync(new byte[1]).AsTask();
            await Waiting.StillWaits(read);
            await client.WriteAsync(new byte[] { 2 });
            Assert.Equal(1, await read);
        }
    }
}
