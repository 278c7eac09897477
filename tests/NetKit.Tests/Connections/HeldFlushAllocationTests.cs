namespace NetKit.Tests.Connections;

/// <summary>Holding flushes back allocates nothing. Alone, because the whole process is measured.</summary>
[Collection(nameof(Alone))]
public sealed class HeldFlushAllocationTests
{
    private const int Batches = 1_000;
    private const int Requests = 16;
    private const int AnswerLength = 150;

    // The first is to warm up. What else the process does, which is most on the portable engine, can only add: so one good round is proof.
    private const int MostRounds = 100;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Requests_that_come_together_are_answered_without_allocating()
    {
        await using var pair = await Pairs.TcpAsync();
        var answering = AnswerAsync(new GatheringPipe(pair.First));
        var buffer = new byte[Requests * AnswerLength];
        var least = long.MaxValue;
        for (var round = 0; round < MostRounds && least >= Batches; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var batch = 0; batch < Batches; batch++)
            {
                await pair.Second.WriteAsync(buffer.AsMemory(0, Requests));
                for (var count = 0; count < buffer.Length;)
                {
                    count += await pair.Second.ReadAsync(buffer.AsMemory(count));
                }
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        await pair.Second.CompleteWritesAsync();
        await answering.Within();
        Assert.True(least < Batches, $"{(double)least / Batches} bytes a batch.");
    }

    [Fact]
    public void Buffers_that_one_thread_fills_and_another_gives_back_are_used_again()
    {
        const int Rounds = 1_000;
        const int InUse = 2;
        var all = new HashSet<PipeBuffer>(ReferenceEqualityComparer.Instance);
        var buffers = new PipeBuffer[InUse];
        using var phase = new Barrier(2);
        var giver = new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                phase.SignalAndWait();
                Array.ForEach(buffers, PipeBuffer.Return);
                phase.SignalAndWait();
            }
        });
        giver.Start();
        for (var round = 0; round < Rounds; round++)
        {
            for (var index = 0; index < InUse; index++)
            {
                all.Add(buffers[index] = PipeBuffer.Rent(before: null, least: 0));
            }

            phase.SignalAndWait();
            phase.SignalAndWait();
        }

        Assert.True(giver.Join(Eventually.Bound));

        // As many as both threads keep, what they have left for each other, and what is in use; those of earlier tests not counted.
        Assert.InRange(all.Count, InUse, 32);
    }

    private static async Task AnswerAsync(GatheringPipe pipe)
    {
        await Task.Yield();
        while (await pipe.Input.ReadAsync() is { IsCompleted: false } result)
        {
            pipe.Input.AdvanceTo(result.Buffer.GetPosition(1));
            pipe.Output.GetSpan(AnswerLength)[..AnswerLength].Fill((byte)'a');
            pipe.Output.Advance(AnswerLength);
            await pipe.Output.FlushAsync();
        }
    }
}
