using System.Diagnostics;

namespace NetKit.Tests;

// Stream's own ReadTimeout and WriteTimeout: they bound each operation, asynchronous ones too.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task A_read_timeout_bounds_each_read_anew()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.ReadTimeout = 20;
        for (var i = 0; i < 3; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await Fails.AtDeadline(client.ReadAsync(new byte[1]));
            AssertNotEarly(TimeSpan.FromMilliseconds(20), Stopwatch.GetElapsedTime(started));
        }

        client.ReadTimeout = Timeout.Infinite;
        var read = client.ReadAsync(new byte[1]).AsTask();
        await Waiting.StillWaits(read);
        await server.WriteAsync(new byte[1]);
        Assert.Equal(1, await read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_write_timeout_bounds_each_write_anew()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteTimeout = 20;
        for (var i = 0; i < (WritesSurviveATimeout ? 3 : 1); i++)
        {
            var started = Stopwatch.GetTimestamp();
            await Fails.AtDeadline(WriteTooMuch(client));
            AssertNotEarly(TimeSpan.FromMilliseconds(20), Stopwatch.GetElapsedTime(started));
        }

        if (WritesSurviveATimeout)
        {
            client.WriteTimeout = Timeout.Infinite;
            var write = client.WriteAsync(new byte[1 << 20]).AsTask();
            pair.Run(Peer.DrainAsync(server));
            await write;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task The_earlier_of_timeout_and_deadline_ends_a_read()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.ReadTimeout = 60_000 * 10;
        client.ReadDeadline = In(20);
        await Fails.AtDeadline(client.ReadAsync(new byte[1]));

        client.ReadTimeout = 20;
        client.ReadDeadline = Deadline.After(TimeSpan.FromMinutes(10));
        await Fails.AtDeadline(client.ReadAsync(new byte[1]));

        // The operation's own limit is of that operation: moving the deadline does not lift it.
        client.ReadDeadline = In(1000 * 600);
        var read = client.ReadAsync(new byte[1]).AsTask();
        client.ReadDeadline = Deadline.None;
        await Fails.AtDeadline(read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task The_earlier_of_timeout_and_deadline_ends_a_write()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.WriteTimeout = 60_000 * 10;
        client.WriteDeadline = In(20);
        await Fails.AtDeadline(WriteTooMuch(client));
        if (WritesSurviveATimeout)
        {
            client.WriteTimeout = 20;
            client.WriteDeadline = Deadline.After(TimeSpan.FromMinutes(10));
            await Fails.AtDeadline(WriteTooMuch(client));
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Timeouts_are_infinite_until_set_and_refuse_what_makes_no_sense()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        Assert.True(client.CanTimeout);
        Assert.Equal(Timeout.Infinite, client.ReadTimeout);
        Assert.Equal(Timeout.Infinite, client.WriteTimeout);
        client.ReadTimeout = 1;
        client.WriteTimeout = int.MaxValue;
        foreach (var invalid in new[] { 0, -2, int.MinValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => client.ReadTimeout = invalid);
            Assert.Throws<ArgumentOutOfRangeException>(() => client.WriteTimeout = invalid);
        }

        Assert.Equal(1, client.ReadTimeout);
        Assert.Equal(int.MaxValue, client.WriteTimeout);
    }
}
