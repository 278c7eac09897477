using System.Buffers;

namespace NetKit.Tests;

/// <summary>Makes sequences of several segments.</summary>
internal static class Sequences
{
    public static ReadOnlySequence<byte> Of(params ReadOnlyMemory<byte>[] parts)
    {
        var first = new Segment(parts[0], previous: null);
        var last = first;
        foreach (var part in parts.AsSpan(1))
        {
            last = new Segment(part, last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>Cuts bytes into so many segments, with an empty one after each.</summary>
    public static ReadOnlySequence<byte> Cut(ReadOnlyMemory<byte> bytes, int segments)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < segments; i++)
        {
            var from = (int)((long)bytes.Length * i / segments);
            var to = (int)((long)bytes.Length * (i + 1) / segments);
            parts.Add(bytes[from..to]);
            parts.Add(ReadOnlyMemory<byte>.Empty);
        }

        return Of([.. parts]);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
