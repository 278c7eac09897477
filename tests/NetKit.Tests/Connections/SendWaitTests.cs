namespace NetKit.Tests.Connections;

/// <summary>The byte that a socket's write sends to wait for room is part of the write: it goes once and is counted once.</summary>
public sealed class SendWaitTests
{
    private const int Length = 4 << 20;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_write_that_was_taken_at_its_deadline_and_put_back_sends_no_byte_twice()
    {
        await using var pair = await Pairs.UnixAsync();
        var (writer, reader) = pair;
        var sent = Payload.Random(Length);
        var write = writer.WriteAsync(sent).AsTask();

        // As the visit of the wheel does: it takes the operation, finds that the deadline has moved, and puts it back.
        var operation = writer.Writing.Take()!;
        Assert.NotNull(operation);

        // Meanwhile room comes, and the wait ends with nobody to tell.
        var received = new MemoryStream();
        await ReadUntilQuietAsync(reader, received);
        operation.WaitOn();

        await ReadUntilQuietAsync(reader, received);
        await write;
        Assert.Equal(sent.Length, received.Length);
        Assert.True(sent.AsSpan().SequenceEqual(received.ToArray()), "What came differs from what was sent.");
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_write_that_is_resumed_while_it_waits_for_room_sends_every_byte_once()
    {
        var sent = Payload.Random(Length);
        for (var round = 0; round < 100; round++)
        {
            await using var pair = await Pairs.UnixAsync();
            var (writer, reader) = pair;
            using var done = new CancellationTokenSource();

            // As a late call of OnSendReady does, whose wait ended before the one that is under way began.
            var resuming = Waiting.OnThread(() =>
            {
                while (!done.IsCancellationRequested)
                {
                    (writer.Writing.Take() as WriteOperation)?.Resume(inline: false);
                    Thread.SpinWait(50);
                }
            });
            var write = writer.WriteAsync(sent).AsTask();
            var received = new byte[Length];
            for (var count = 0; count < received.Length;)
            {
                count += await reader.ReadAsync(received.AsMemory(count, Math.Min(4096, received.Length - count)), TestContext.Current.CancellationToken);
            }

            await done.CancelAsync();
            await resuming;
            Assert.True(sent.AsSpan().SequenceEqual(received), $"Round {round}: differs after {sent.AsSpan().CommonPrefixLength(received)} bytes.");
            await write;
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_token_cancelled_while_a_write_is_resumed_too_early_still_ends_it()
    {
        await using var pair = await Pairs.UnixAsync();
        using var source = new CancellationTokenSource();
        var write = pair.First.WriteAsync(Payload.Random(Length), source.Token).AsTask();
        var operation = (WriteOperation)pair.First.Writing.Take()!;
        await source.CancelAsync();
        operation.Resume(inline: false);
        await Fails.ByToken(write.Within(), source.Token);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_deadline_that_passes_while_a_write_is_resumed_too_early_still_ends_it()
    {
        await using var pair = await Pairs.UnixAsync();
        var half = pair.First.Writing;
        var sent = Payload.Random(Length);
        pair.First.WriteDeadline = Deadline.After(TimeSpan.FromMilliseconds(50));
        var write = pair.First.WriteAsync(sent).AsTask();
        var operation = (WriteOperation)half.Take()!;

        // The wheel finds nobody waiting, and lets the entry go.
        await Waiting.Until(() => Volatile.Read(ref half.VisitAt) == long.MaxValue);
        operation.Resume(inline: false);
        await Fails.AtDeadline(write.Within());
    }

    private static async Task ReadUntilQuietAsync(Connection reader, MemoryStream received)
    {
        var buffer = new byte[64 * 1024];
        reader.ReadTimeout = 500;
        try
        {
            while (true)
            {
                received.Write(buffer, 0, await reader.ReadAsync(buffer, TestContext.Current.CancellationToken));
            }
        }
        catch (DeadlineExceededException)
        {
            // Quiet.
        }
    }
}
