using System.Buffers;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Connections;

/// <summary>Flushes that are held back while more is to be read: who sends them, when, and how a send ends that nobody awaits.</summary>
public sealed class HeldFlushTests
{
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Small_flushes_are_held_while_there_is_more_to_read_and_sent_as_one_with_the_last()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await pair.Second.WriteAsync(new byte[3]);
        for (var request = 0; request < 3; request++)
        {
            var result = await pipe.Input.ReadAsync();
            pipe.Input.AdvanceTo(result.Buffer.GetPosition(1));
            Assert.Equal(request < 2, pipe.HasUnread);
            await pipe.Output.WriteAsync(new[] { (byte)request });
            Assert.Equal(request < 2 ? 0u : 3u, pair.First.Sent);
        }

        Assert.Equal([0, 1, 2], await ReadAsync(pair.Second, 3));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Nothing_is_held_for_a_reader_that_looks_at_what_it_read()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await ShowAsync(pair, pipe, bytes: 2);
        await pipe.Output.WriteAsync(new byte[] { 1 });
        Assert.Equal(1u, pair.First.Sent);
        Assert.Equal(0, pipe.Scheduled);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Nothing_is_held_once_the_reader_has_seen_all_or_was_completed()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        var shown = await ShowAsync(pair, pipe, bytes: 2);
        pipe.Input.AdvanceTo(shown.Start, shown.End);
        await pipe.Output.WriteAsync(new byte[] { 1 });
        Assert.Equal(1u, pair.First.Sent);
        shown = await ShowAsync(pair, pipe, bytes: 3);
        pipe.Input.AdvanceTo(shown.Start);
        Assert.True(pipe.HasUnread);
        await pipe.Input.CompleteAsync();
        await pipe.Output.WriteAsync(new byte[] { 2 });
        Assert.Equal(2u, pair.First.Sent);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_reader_that_is_about_to_wait_sends_what_is_held()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await HoldAsync(pair, pipe, [5, 6]);
        var result = await pipe.Input.ReadAsync();
        pipe.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        Assert.Equal(0u, pair.First.Sent);
        var reading = pipe.Input.ReadAsync();
        Assert.False(reading.IsCompleted);
        Assert.Equal([5, 6], await ReadAsync(pair.Second, 2));
        await pair.Second.WriteAsync(new byte[1]);
        await reading;
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_reader_that_waits_again_for_a_read_it_left_sends_what_is_held()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        var shown = await ShowAsync(pair, pipe, bytes: 2);
        pipe.Input.AdvanceTo(shown.Start, shown.End);
        var left = pipe.Input.ReadAsync();
        pipe.Input.CancelPendingRead();
        shown = (await left).Buffer;
        pipe.Input.AdvanceTo(shown.Start, shown.Start);
        await pipe.Output.WriteAsync(new byte[] { 5 });
        Assert.Equal(0u, pair.First.Sent);
        pipe.Input.AdvanceTo((await pipe.Input.ReadAsync()).Buffer.End);
        var reading = pipe.Input.ReadAsync();
        Assert.False(reading.IsCompleted);
        Assert.Equal([5], await ReadAsync(pair.Second, 1));
        await pair.Second.WriteAsync(new byte[1]);
        await reading;
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp", false)]
    [InlineData("tcp", true)]
    [InlineData("memory", false)]
    [InlineData("memory", true)]
    public async Task What_is_held_leaves_also_when_the_code_that_flushed_it_does_not_come_back(string transport, bool blocks)
    {
        await using var pair = await ConnectAsync(transport);
        using var released = new ManualResetEventSlim();
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handling = HandleAsync(new GatheringPipe(pair.First));
        await pair.Second.WriteAsync(new byte[2]);
        Assert.Equal([7], await ReadAsync(pair.Second, 1).Within());
        released.Set();
        signal.SetResult();
        await handling;

        async Task HandleAsync(GatheringPipe pipe)
        {
            var result = await pipe.Input.ReadAsync();
            pipe.Input.AdvanceTo(result.Buffer.GetPosition(1));
            await pipe.Output.WriteAsync(new byte[] { 7 });
            if (blocks)
            {
                Assert.True(released.Wait(Eventually.Bound), "The answer did not come while the handler blocked its thread.");
            }
            else
            {
                await signal.Task;
            }
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task No_more_is_held_than_the_limit()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await HoldAsync(pair, pipe, new byte[PendingFlush.MostHeld]);
        await pipe.Output.WriteAsync(new byte[1]);
        Assert.Equal((uint)PendingFlush.MostHeld + 1, pair.First.Sent);
        await pipe.Output.WriteAsync(new byte[PendingFlush.MostHeld + 1]);
        Assert.Equal((2 * (uint)PendingFlush.MostHeld) + 2, pair.First.Sent);
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completing_the_writer_sends_what_is_held_whatever_becomes_of_the_rest(bool fails)
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await HoldAsync(pair, pipe, [1, 2]);
        pipe.Output.Write(new byte[] { 3 });
        await pipe.Output.CompleteAsync(fails ? new InvalidOperationException("no more") : null);
        await pair.First.CompleteWritesAsync();
        var received = new byte[4];
        var count = await pair.Second.ReadAtLeastAsync(received, 4, throwOnEndOfStream: false);
        Assert.Equal(fails ? [1, 2] : [1, 2, 3], received[..count]);
        pipe.RunScheduled();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_flush_of_nothing_sends_what_is_held_when_there_is_no_more_to_read()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await HoldAsync(pair, pipe, [1]);
        await pipe.Output.FlushAsync();
        Assert.Equal(0u, pair.First.Sent);
        _ = await pipe.Input.ReadAsync();
        await pipe.Output.FlushAsync();
        Assert.Equal(1u, pair.First.Sent);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_failed_send_of_what_was_held_is_told_to_the_next_flush_and_to_no_other()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        var pipe = await LoseHeldAsync(pair, time);

        // What follows a gap is not sent either.
        await Fails.AtDeadline(pipe.Output.WriteAsync(new byte[] { 3 }).AsTask());
        await pipe.Input.ReadAsync();
        await pipe.Output.WriteAsync(new byte[] { 4 });
        Assert.Equal([4], await ReadAsync(pair.Second, 1));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Completing_the_writer_after_what_was_held_got_lost_sends_nothing_after_the_gap()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        var pipe = await LoseHeldAsync(pair, time);
        pipe.Output.Write(new byte[] { 3 });
        await pipe.Output.CompleteAsync();
        Assert.Equal(0u, pair.First.Sent);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_writer_that_hides_failures_hears_after_one_that_nobody_reads()
    {
        await using var pair = Pairs.Memory();
        var failures = 0;
        var pipe = new GatheringPipe(pair.First, byHand: true, _ =>
        {
            failures++;
            return null;
        });
        await HoldAsync(pair, pipe, [1]);
        pair.First.Abort();
        pipe.RunScheduled();
        Assert.Equal(1, failures);
        Assert.True((await pipe.Output.WriteAsync(new byte[1])).IsCompleted);
        Assert.Equal(1, failures);
        await pipe.Output.CompleteAsync();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_flush_that_joins_what_is_held_can_be_cancelled_and_is_sent_in_its_order()
    {
        await using var pair = await Pairs.TcpAsync();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await HoldAsync(pair, pipe, [1, 2]);
        var sent = Payload.Large[..(16 << 20)];
        pipe.Output.Write(sent.Span);
        var flushing = pipe.Output.FlushAsync();
        Assert.False(flushing.IsCompleted);
        pipe.Output.CancelPendingFlush();
        Assert.True((await flushing).IsCanceled);

        using var impatience = new CancellationTokenSource();
        pipe.Output.Write(new byte[] { 3 });
        var second = pipe.Output.FlushAsync(impatience.Token).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        pipe.RunScheduled();
        pipe.Output.Write(new byte[] { 4 });
        var third = pipe.Output.FlushAsync().AsTask();

        var received = await ReadAsync(pair.Second, sent.Length + 4);
        Assert.False((await third.Within()).IsCanceled);
        Assert.Equal([1, 2], received[..2]);
        Assert.True(received.AsSpan(2, sent.Length).SequenceEqual(sent.Span));
        Assert.Equal([3, 4], received[^2..]);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_flush_that_was_cancelled_beforehand_says_so_also_when_it_is_held()
    {
        await using var pair = Pairs.Memory();
        var pipe = new GatheringPipe(pair.First, byHand: true);
        await HoldAsync(pair, pipe, [1]);
        pipe.Output.CancelPendingFlush();
        Assert.True((await pipe.Output.WriteAsync(new byte[] { 2 })).IsCanceled);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        pipe.Output.Write(new byte[] { 3 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await pipe.Output.FlushAsync(cancelled.Token));
        Assert.Equal(1, pipe.Output.UnflushedBytes);
        Assert.False((await pipe.Output.FlushAsync()).IsCanceled);
        Assert.Equal(0u, pair.First.Sent);
        pipe.RunScheduled();
        Assert.Equal([1, 2, 3], await ReadAsync(pair.Second, 3));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task Reader_and_writer_on_threads_of_their_own_lose_double_and_keep_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        var (own, peer) = pair;
        var pipe = new GatheringPipe(own);
        var (flushed, received, wrong) = (0, 0, 0);
        using var done = new CancellationTokenSource();
        var feeding = FeedAsync();
        var reading = ReadAsync();
        var receiving = ReceiveAsync();
        var next = new Lengths(seed: 3);
        for (var round = 0; round < 2_000; round++)
        {
            var length = next.UpTo(round % 100 == 0 ? 40_000 : 600);
            for (var index = 0; index < length; index++)
            {
                pipe.Output.GetSpan(1)[0] = ByteAt(flushed++);
                pipe.Output.Advance(1);
            }

            await pipe.Output.FlushAsync();
            if (round % 50 == 0)
            {
                // Nobody flushes, and the reader may have enough to read for long.
                await Eventually.Equal(flushed, () => Volatile.Read(ref received));
            }
        }

        await pipe.Output.CompleteAsync();
        await own.CompleteWritesAsync();
        await receiving.Within();
        Assert.Equal(flushed, received);
        Assert.Equal(0, wrong);
        await done.CancelAsync();
        await feeding.Within();
        await peer.CompleteWritesAsync();
        await reading.Within();

        async Task FeedAsync()
        {
            await Task.Yield();
            var lengths = new Lengths(seed: 1);
            while (!done.IsCancellationRequested)
            {
                await peer.WriteAsync(new byte[lengths.UpTo(100)]);
                await Task.Yield();
            }
        }

        async Task ReadAsync()
        {
            await Task.Yield();
            var lengths = new Lengths(seed: 2);
            while (await pipe.Input.ReadAsync() is { IsCompleted: false } result)
            {
                var examined = Math.Min(result.Buffer.Length, lengths.UpTo(120));
                pipe.Input.AdvanceTo(result.Buffer.GetPosition(examined / lengths.UpTo(2)), result.Buffer.GetPosition(examined));
                if (lengths.UpTo(4) == 1)
                {
                    await Task.Yield();
                }
            }
        }

        async Task ReceiveAsync()
        {
            await Task.Yield();
            var buffer = new byte[10_000];
            while (await peer.ReadAsync(buffer.AsMemory()) is > 0 and var count)
            {
                for (var index = 0; index < count; index++)
                {
                    wrong += buffer[index] == ByteAt(received + index) ? 0 : 1;
                }

                Volatile.Write(ref received, received + count);
            }
        }
    }

    private static byte ByteAt(int index) => (byte)((index * 7919) >> 3);

    /// <summary>Lets the peer send, and the reader see it.</summary>
    private static async Task<ReadOnlySequence<byte>> ShowAsync(ConnectedPair pair, GatheringPipe pipe, int bytes)
    {
        await pair.Second.WriteAsync(new byte[bytes]);
        return (await pipe.Input.ReadAtLeastAsync(bytes)).Buffer;
    }

    /// <summary>Leaves the reader with a byte to read, so that what is flushed is held.</summary>
    private static async Task HoldAsync(ConnectedPair pair, GatheringPipe pipe, byte[] flushed)
    {
        var shown = await ShowAsync(pair, pipe, bytes: 2);
        pipe.Input.AdvanceTo(shown.GetPosition(1));
        await pipe.Output.WriteAsync(flushed);
        Assert.Equal(0u, pair.First.Sent);
        Assert.Equal(1, pipe.Scheduled);
    }

    /// <summary>Lets a write deadline pass before what is held is sent.</summary>
    private static async Task<GatheringPipe> LoseHeldAsync(ConnectedPair pair, FakeTimeProvider time)
    {
        var pipe = new GatheringPipe(pair.First, byHand: true);
        pair.First.WriteDeadline = Deadline.After(TimeSpan.FromSeconds(1), time);
        await HoldAsync(pair, pipe, [1, 2]);
        time.Advance(TimeSpan.FromSeconds(2));
        pipe.RunScheduled();
        pair.First.WriteDeadline = Deadline.None;
        return pipe;
    }

    private static async Task<byte[]> ReadAsync(Connection connection, int count)
    {
        var buffer = new byte[count];
        await connection.ReadExactlyAsync(buffer);
        return buffer;
    }

    private static async Task<ConnectedPair> ConnectAsync(string transport) => transport switch
    {
        "tcp" => await Pairs.TcpAsync(),
        "unix" => await Pairs.UnixAsync(),
        _ => Pairs.Memory(),
    };

    /// <summary>Lengths that look random, the same in every run.</summary>
    private sealed class Lengths(uint seed)
    {
        private uint _state = seed;

        /// <summary>From 1 to the given one.</summary>
        public int UpTo(int most)
        {
            _state = (_state * 1_664_525) + 1_013_904_223;
            return 1 + (int)((_state >> 8) % (uint)most);
        }
    }
}
