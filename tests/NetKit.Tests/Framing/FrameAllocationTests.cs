using System.Buffers;

namespace NetKit.Tests.Framing;

// Frames in steady traffic cost no memory. Alone, because the whole process is measured.
[Collection(nameof(Alone))]
public sealed class FrameAllocationTests
{
    private const int Operations = 3_000;

    // The first is to warm up. What else the process does can only add, so one good round is proof.
    private const int MostRounds = 8;

    private static readonly ReadOnlyMemory<byte>[] s_batch = [new byte[64], new byte[16], new byte[100]];

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task A_frame_there_and_back_allocates_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        await AssertNothingAllocatedAsync(pair, FrameFormat.LengthPrefix(), static (writer, frame) => writer.WriteAsync(frame));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task A_line_there_and_back_allocates_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        await AssertNothingAllocatedAsync(pair, FrameFormat.Delimiter("\r\n"u8), static (writer, frame) => writer.WriteAsync(frame));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task Several_frames_as_one_allocate_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        await AssertNothingAllocatedAsync(pair, FrameFormat.VarintPrefix(), static (writer, _) => writer.WriteAsync(s_batch), s_batch.Length);
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task A_frame_that_comes_in_pieces_and_in_time_allocates_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        using var source = new CancellationTokenSource();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix()) { FrameTimeout = TimeSpan.FromSeconds(30) };
        var header = new byte[] { 0, 0, 0, 64 };
        var body = new byte[64];
        await AssertLittleAsync(async () =>
        {
            for (var i = 0; i < Operations; i++)
            {
                var read = reader.ReadAsync(source.Token);
                await pair.First.WriteAsync(header);
                await pair.First.WriteAsync(body);
                if ((await read)?.Length != 64)
                {
                    Assert.Fail("The frame was not whole.");
                }
            }
        });
    }

    private static async Task<ConnectedPair> ConnectAsync(string transport) => transport switch
    {
        "tcp" => await Pairs.TcpAsync(),
        "unix" => await Pairs.UnixAsync(),
        _ => Pairs.Memory(),
    };

    // A ping-pong, so that every read waits. The answer is the frame as it was received.
    private static async Task AssertNothingAllocatedAsync(
        ConnectedPair pair, FrameFormat format, Func<FrameWriter, ReadOnlyMemory<byte>, ValueTask> write, int frames = 1)
    {
        var echo = EchoAsync();
        var writer = new FrameWriter(pair.First, format);
        using var reader = new FrameReader(pair.First, format);
        var message = new byte[64];
        await AssertLittleAsync(async () =>
        {
            for (var i = 0; i < Operations; i++)
            {
                await write(writer, message);
                for (var frame = 0; frame < frames; frame++)
                {
                    _ = await reader.ReadAsync();
                }
            }
        });

        await pair.First.CompleteWritesAsync();
        await echo;

        async Task EchoAsync()
        {
            await Task.Yield();
            var answers = new FrameWriter(pair.Second, format);
            using var questions = new FrameReader(pair.Second, format);
            while (await questions.ReadAsync() is { } frame)
            {
                await answers.WriteAsync(frame);
            }
        }
    }

    private static async Task AssertLittleAsync(Func<Task> round)
    {
        var least = long.MaxValue;
        for (var i = 0; i < MostRounds && least >= Operations; i++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await round();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least < Operations, $"{(double)least / Operations} bytes a frame or batch.");
    }
}
