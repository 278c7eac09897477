using System.Buffers;
using System.IO.Pipelines;
using CsCheck;

namespace NetKit.Tests.Framing;

/// <summary>Holds the reader to a naive one, for random frames, good and bad, cut at random places.</summary>
public sealed class FrameModelTests
{
    private static readonly Gen<(string Name, byte[][] Frames, byte[] Tail, int[] Cuts, bool[] Interruptions)> s_streams =
        Gen.Select(
            Gen.Int[0, FrameCases.Names.Length - 1].Select(index => FrameCases.Names[index]),
            Gen.Byte.Array[0, 40].Array[0, 8],
            Gen.Byte.Array[0, 12],
            Gen.Int[1, 30].Array[1, 20],
            Gen.Bool.Array[1, 20]);

    [Fact]
    public async Task Whatever_comes_in_whatever_pieces_the_reader_gives_what_the_naive_one_does() =>
        await s_streams.SampleAsync(
            async stream =>
            {
                var format = FrameCases.Format(stream.Name, maxFrameSize: 60);
                byte[] wire = [.. stream.Frames.SelectMany(frame => FrameCases.OnTheWire(stream.Name, FrameCases.Fit(stream.Name, frame))), .. stream.Tail];
                var (expected, isCleanEnd) = NaiveFrames.Of(stream.Name, wire, maxFrameSize: 60);

                var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 1, pool: new ExactPool()));
                using var reader = new FrameReader(pipe.Reader, format);
                var writing = WriteAsync(pipe.Writer, wire, stream.Cuts);
                var got = new List<byte[]>();
                var step = 0;
                try
                {
                    while (true)
                    {
                        if (stream.Interruptions[step++ % stream.Interruptions.Length])
                        {
                            await CancelOneAsync(reader, got);
                        }

                        if (await reader.ReadAsync() is not { } frame)
                        {
                            break;
                        }

                        got.Add(frame.ToArray());
                        if (step % 2 == 0)
                        {
                            while (reader.TryRead(out frame))
                            {
                                got.Add(frame.ToArray());
                            }
                        }
                    }

                    Assert.True(isCleanEnd, "An end that is not clean was taken for one.");
                }
                catch (ConnectionException exception) when (exception.Error == ConnectionError.ProtocolViolation)
                {
                    Assert.False(isCleanEnd, $"The peer did nothing wrong: {exception.Message}");
                }

                await writing;
                Assert.Equal(expected.Select(Convert.ToHexString), got.Select(Convert.ToHexString));
            },
            iter: 3000);

    private static async Task CancelOneAsync(FrameReader reader, List<byte[]> got)
    {
        using var source = new CancellationTokenSource();
        var read = reader.ReadAsync(source.Token);
        await source.CancelAsync();
        try
        {
            if (await read is { } frame)
            {
                got.Add(frame.ToArray());
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static async Task WriteAsync(PipeWriter writer, byte[] wire, int[] cuts)
    {
        var written = 0;
        for (var i = 0; written < wire.Length; i++)
        {
            var count = Math.Min(cuts[i % cuts.Length], wire.Length - written);
            await writer.WriteAsync(wire.AsMemory(written, count));
            written += count;
            if (i % 3 == 0)
            {
                await Task.Yield();
            }
        }

        await writer.CompleteAsync();
    }

    /// <summary>Gives no more than was asked for, so that every write is a segment of its own.</summary>
    private sealed class ExactPool : MemoryPool<byte>
    {
        public override int MaxBufferSize => 4096;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Piece(Math.Max(1, minBufferSize));

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class Piece(int size) : IMemoryOwner<byte>
        {
            public Memory<byte> Memory { get; } = new byte[size];

            public void Dispose()
            {
            }
        }
    }
}
