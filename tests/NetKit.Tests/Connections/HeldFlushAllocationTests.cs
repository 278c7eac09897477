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
