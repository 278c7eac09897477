using System.Buffers;
using System.Buffers.Binary;

namespace NetKit.Benchmarks;

/// <summary>Frames with a length before them that come as fast as they can.</summary>
public abstract class FrameReadBenchmarks(int frameSize, int frames) : ReadBenchmarks(Frames(frameSize, frames), frames, FrameFormat.LengthPrefix())
{
    private const int HeaderSize = 4;

    private readonly byte[] _frame = new byte[frameSize];
    private readonly byte[] _header = new byte[HeaderSize];

    protected async Task<int> ReadExactlyAsync()
    {
        var sending = SendToStreamAsync();
        var sum = 0;
        for (var frame = 0; frame < FrameCount; frame++)
        {
            await Stream.ReadExactlyAsync(_header);
            var length = BinaryPrimitives.ReadInt32BigEndian(_header);
            await Stream.ReadExactlyAsync(_frame.AsMemory(0, length));
            sum += length;
        }

        return sum + await sending;
    }

    protected async Task<int> ParsePipeAsync()
    {
        var sending = SendToPipeAsync();
        var sum = 0;
        for (var frame = 0; frame < FrameCount;)
        {
            var result = await Pipe.ReadAsync();
            var rest = result.Buffer;
            while (TryParse(ref rest, out var payload))
            {
                sum += (int)payload.Length;
                frame++;
            }

            Pipe.AdvanceTo(rest.Start, rest.End);
        }

        return sum + await sending;
    }

    private static byte[] Frames(int frameSize, int frames)
    {
        var data = new byte[frames * (HeaderSize + frameSize)];
        for (var at = 0; at < data.Length; at += HeaderSize + frameSize)
        {
            BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(at), frameSize);
        }

        return data;
    }

    private static bool TryParse(ref ReadOnlySequence<byte> rest, out ReadOnlySequence<byte> payload)
    {
        var reader = new SequenceReader<byte>(rest);
        payload = default;
        if (!reader.TryReadBigEndian(out int length) || reader.Remaining < length)
        {
            return false;
        }

        payload = rest.Slice(HeaderSize, length);
        rest = rest.Slice(HeaderSize + length);
        return true;
    }
}
