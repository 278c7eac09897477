using System.Buffers;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// The view for System.IO.Pipelines, under the same deadlines.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task Pipes_carry_bytes_both_ways()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = (pair.First.AsDuplexPipe(), pair.Second.AsDuplexPipe());
        Assert.Same(client, pair.First.AsDuplexPipe());
        var sent = Payload.Random(200_000);
        foreach (var (from, to) in new[] { (client, server), (server, client) })
        {
            var writing = from.Output.WriteAsync(sent).AsTask();
            var received = await to.Input.ReadAtLeastAsync(sent.Length);
            Assert.True(received.Buffer.ToArray().AsSpan().SequenceEqual(sent));
            to.Input.AdvanceTo(received.Buffer.End);
            await writing;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Deadlines_hold_through_pipes_and_the_pipe_goes_on()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.ReadDeadline = Deadline.After(s_second, time);
        var reading = client.AsDuplexPipe().Input.ReadAsync().AsTask();
        time.Advance(s_second);
        await Fails.AtDeadline(reading);
        client.ReadDeadline = Deadline.None;
        await server.WriteAsync(new byte[] { 1 });
        var result = await client.AsDuplexPipe().Input.ReadAsync();
        Assert.Equal([1], result.Buffer.ToArray());
    }

    [Fact(Timeout = Watchdog)]
    public async Task Completing_the_pipes_neither_ends_nor_closes_the_connection()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        var pipe = client.AsDuplexPipe();
        await pipe.Output.CompleteAsync();
        await pipe.Input.CompleteAsync();
        await RoundtripAsync(client);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_pipe_reader_sees_the_end()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.WriteAsync(new byte[] { 1, 2 });
        await server.CompleteWritesAsync();
        var input = client.AsDuplexPipe().Input;
        var result = await input.ReadAtLeastAsync(3);
        Assert.True(result.IsCompleted);
        Assert.Equal([1, 2], result.Buffer.ToArray());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_pipe_read_that_is_cancelled_loses_nothing_and_leaves_the_next_one_to_go_on()
    {
        await using var pair = await ConnectAsync();
        var (input, peer) = (pair.First.AsDuplexPipe().Input, pair.Second);
        for (byte round = 0; round < 20; round++)
        {
            var reading = input.ReadAsync();
            input.CancelPendingRead();
            var result = await reading;
            Assert.True(result.IsCanceled);
            Assert.True(result.Buffer.IsEmpty);
            input.AdvanceTo(result.Buffer.End);

            using var impatience = new CancellationTokenSource();
            var other = input.ReadAsync(impatience.Token).AsTask();
            await impatience.CancelAsync();
            var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
            Assert.Equal(impatience.Token, exception.CancellationToken);

            await peer.WriteAsync(new[] { round });
            result = await input.ReadAsync();
            Assert.Equal([round], result.Buffer.ToArray());
            input.AdvanceTo(result.Buffer.End);
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_pipe_read_that_was_cancelled_beforehand_ends_at_once_and_once()
    {
        await using var pair = await ConnectAsync();
        var (input, peer) = (pair.First.AsDuplexPipe().Input, pair.Second);
        input.CancelPendingRead();
        input.CancelPendingRead();
        Assert.True((await input.ReadAsync()).IsCanceled);
        var reading = input.ReadAsync();
        await peer.WriteAsync(new byte[] { 1 });
        var result = await reading;
        Assert.False(result.IsCanceled);
        Assert.Equal(1, result.Buffer.Length);
    }

    [Fact(Timeout = Watchdog)]
    public async Task What_a_pipe_reader_has_not_examined_is_shown_again_and_what_it_has_is_waited_upon()
    {
        await using var pair = await ConnectAsync();
        var (input, peer) = (pair.First.AsDuplexPipe().Input, pair.Second);
        await peer.WriteAsync(new byte[] { 1, 2, 3, 4 });
        var result = await input.ReadAtLeastAsync(4);
        input.AdvanceTo(result.Buffer.GetPosition(1), result.Buffer.GetPosition(2));
        Assert.True(input.TryRead(out result));
        Assert.Equal([2, 3, 4], result.Buffer.ToArray());
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        Assert.False(input.TryRead(out _));
        var reading = input.ReadAsync();
        Assert.False(reading.IsCompleted);
        await peer.WriteAsync(new byte[] { 5 });
        result = await reading;
        Assert.Equal([2, 3, 4, 5], result.Buffer.ToArray());
        Assert.Throws<InvalidOperationException>(() => input.AdvanceTo(result.Buffer.End, result.Buffer.Start));
        input.AdvanceTo(result.Buffer.End);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_pipe_reader_shows_what_nobody_consumes_in_one_piece()
    {
        await using var pair = await ConnectAsync();
        var (input, peer) = (pair.First.AsDuplexPipe().Input, pair.Second);
        var sent = Payload.Random(300_000);
        pair.Run(peer.WriteAsync(sent).AsTask());
        var (seen, first) = (0L, 0);
        while (first + seen < sent.Length)
        {
            var result = await input.ReadAsync();
            Assert.True(result.Buffer.IsSingleSegment);
            Assert.True(result.Buffer.FirstSpan.SequenceEqual(sent.AsSpan(first, (int)result.Buffer.Length)));

            // A little at a time, so that what is left moves.
            var consumed = (int)Math.Min(10, result.Buffer.Length);
            first += consumed;
            seen = result.Buffer.Length - consumed;
            input.AdvanceTo(result.Buffer.GetPosition(consumed), result.Buffer.End);
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_flush_that_is_cancelled_is_sent_all_the_same_and_before_what_follows()
    {
        await using var pair = await ConnectAsync();
        var (output, peer) = (pair.First.AsDuplexPipe().Output, pair.Second);
        var sent = Payload.Large[..(16 << 20)];
        output.Write(sent.Span);
        Assert.Equal(sent.Length, output.UnflushedBytes);
        var flushing = output.FlushAsync();
        Assert.False(flushing.IsCompleted);
        output.CancelPendingFlush();
        Assert.True((await flushing).IsCanceled);
        Assert.Equal(0, output.UnflushedBytes);

        using var impatience = new CancellationTokenSource();
        output.Write(new byte[] { 1, 2 });
        var second = output.FlushAsync(impatience.Token).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        output.Write(new byte[] { 3 });
        var third = output.FlushAsync();

        var received = new byte[sent.Length + 3];
        await peer.ReadExactlyAsync(received);
        Assert.False((await third).IsCanceled);
        Assert.True(received.AsSpan(0, sent.Length).SequenceEqual(sent.Span));
        Assert.Equal([1, 2, 3], received[sent.Length..]);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_flush_that_fails_after_its_caller_has_left_is_told_by_the_next()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var output = (ConnectionPipeWriter)pair.First.AsDuplexPipe().Output;
        pair.First.WriteDeadline = Deadline.After(s_second, time);
        output.Write(Payload.Large[..(16 << 20)].Span);
        var flushing = output.FlushAsync();
        output.CancelPendingFlush();
        Assert.True((await flushing).IsCanceled);
        time.Advance(s_second);
        await output.WhenSentAsync();
        pair.First.WriteDeadline = Deadline.None;
        await Fails.AtDeadline(output.WriteAsync(new byte[] { 1 }).AsTask());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_flush_that_was_cancelled_beforehand_says_so_and_sends()
    {
        await using var pair = await ConnectAsync();
        var (output, peer) = (pair.First.AsDuplexPipe().Output, pair.Second);
        output.CancelPendingFlush();
        var result = await output.WriteAsync(new byte[] { 7 });
        Assert.True(result.IsCanceled);
        var received = new byte[1];
        await peer.ReadExactlyAsync(received);
        Assert.Equal(7, received[0]);
        Assert.False((await output.FlushAsync()).IsCanceled);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Completing_a_pipe_writer_sends_what_was_never_flushed_and_failing_it_does_not()
    {
        await using var pair = await ConnectAsync();
        var output = pair.First.AsDuplexPipe().Output;
        output.Write(Payload.Random(100_000));
        var completing = output.CompleteAsync().AsTask();
        await pair.Second.ReadExactlyAsync(new byte[100_000]);
        await completing;
        Assert.Throws<InvalidOperationException>(() => output.GetSpan());

        output = pair.Second.AsDuplexPipe().Output;
        output.Write(Payload.Random(100));
        await output.CompleteAsync(new InvalidOperationException("no more"));
        await pair.Second.CompleteWritesAsync();
        Assert.Equal(0, await pair.First.ReadAsync(new byte[1]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Completing_a_pipe_writer_while_a_flush_waits_sends_both()
    {
        await using var pair = await ConnectAsync();
        var output = pair.First.AsDuplexPipe().Output;
        var sent = Payload.Large[..(16 << 20)];
        output.Write(sent.Span);
        var flushing = output.FlushAsync().AsTask();
        output.Write(new byte[] { 1, 2, 3 });
        Assert.Equal(3, output.UnflushedBytes);
        output.Complete();
        Assert.False(flushing.IsCompleted);
        var received = new byte[sent.Length + 3];
        await pair.Second.ReadExactlyAsync(received);
        await flushing;
        Assert.True(received.AsSpan(0, sent.Length).SequenceEqual(sent.Span));
        Assert.Equal([1, 2, 3], received[sent.Length..]);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Pipes_of_a_connection_that_is_closed_fail_as_it_does()
    {
        await using var pair = await ConnectAsync();
        var pipe = pair.First.AsDuplexPipe();
        var reading = pipe.Input.ReadAsync().AsTask();
        await pair.First.DisposeAsync();
        Assert.Equal(ConnectionError.Closed, (await Assert.ThrowsAsync<ConnectionException>(() => reading)).Error);
        var again = await Assert.ThrowsAsync<ConnectionException>(() => pipe.Input.ReadAsync().AsTask());
        Assert.Equal(ConnectionError.Closed, again.Error);
        var write = await Assert.ThrowsAsync<ConnectionException>(() => pipe.Output.WriteAsync(new byte[1]).AsTask());
        Assert.Equal(ConnectionError.Closed, write.Error);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_completed_pipe_reader_reads_no_more()
    {
        await using var pair = await ConnectAsync();
        var input = pair.First.AsDuplexPipe().Input;
        await pair.Second.WriteAsync(new byte[] { 1 });
        await input.ReadAsync();
        await input.CompleteAsync();
        await input.CompleteAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await input.ReadAsync());
        Assert.Throws<InvalidOperationException>(() => input.TryRead(out _));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Reads_of_a_pipe_that_are_cancelled_by_others_at_any_moment_lose_and_double_nothing()
    {
        await using var pair = await ConnectAsync();
        var (input, peer) = (pair.First.AsDuplexPipe().Input, pair.Second);
        var sent = Payload.Random(50_000);
        pair.Run(SendInPiecesAsync(peer, sent));
        using var done = new CancellationTokenSource();
        pair.Run(Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                input.CancelPendingRead();
                await Task.Yield();
            }
        }));
        var received = new List<byte>();
        while (received.Count < sent.Length)
        {
            using var impatience = new CancellationTokenSource();
            var reading = input.ReadAsync(impatience.Token).AsTask();
            pair.Run(impatience.CancelAsync());
            try
            {
                var result = await reading;
                received.AddRange(result.Buffer.ToArray());
                input.AdvanceTo(result.Buffer.End);
            }
            catch (OperationCanceledException)
            {
                // Nothing was taken.
            }
        }

        await done.CancelAsync();
        Assert.Equal(sent, received);
    }

    private static async Task SendInPiecesAsync(Connection peer, byte[] bytes)
    {
        for (var start = 0; start < bytes.Length; start += 100)
        {
            await peer.WriteAsync(bytes.AsMemory(start, 100));
            await Task.Yield();
        }
    }
}
