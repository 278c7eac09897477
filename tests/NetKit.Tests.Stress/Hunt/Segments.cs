using System.Buffers;

namespace NetKit.Tests.Stress;

/// <summary>Cuts a buffer into a sequence of segments, some of them empty.</summary>
internal static class Segments
{
    private const int Most = 40; // more than the engine hands to the system at once

    public static ReadOnlySequence<byte> Cut(ReadOnlyMemory<byte> buffer, Random random)
    {
        var count = 1 + random.Next(Most);
        var first = new Segment();
        var last = first;
        for (var index = 0; index < count; index++)
        {
            var length = index == count - 1 ? buffer.Length : random.Next(1 + (2 * buffer.Length / (count - index)));
            length = Math.Min(length, buffer.Length);
            last = last.Append(buffer[..length]);
            buffer = buffer[length..];
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment { Memory = memory, RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
