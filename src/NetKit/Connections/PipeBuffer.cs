using System.Buffers;

namespace NetKit;

/// <summary>One buffer of what was written to a pipe, and the next.</summary>
internal sealed class PipeBuffer : ReadOnlySequenceSegment<byte>
{
    private const int FirstSize = 4096;
    private const int LargestSize = 64 * 1024; // unless more is asked for at once

    // One to write to, while another waits to be sent; and two more for what is larger than one.
    private const int MostSpares = 4;

    // Most are sent on the thread that filled them.
    [ThreadStatic]
    private static PipeBuffer? t_spare;

    // Where one thread fills and another sends, the one would run out of spares and the other would throw them away:
    // who has too many leaves all of them here, and who has none takes them.
    private static readonly PipeBuffer?[] s_left = new PipeBuffer?[2 * Environment.ProcessorCount];

    private byte[] _array = [];
    private int _written;
    private int _spares; // of a spare: how many there are, with those after it

    private PipeBuffer()
    {
    }

    /// <summary>What has room.</summary>
    public Memory<byte> Room => _array.AsMemory(_written);

    /// <summary>How much has room.</summary>
    public int RoomLength => _array.Length - _written;

    /// <summary>Makes a buffer.</summary>
    /// <param name="before">The one before it; null for the first. Each is twice as large as that.</param>
    /// <param name="least">How many bytes it must have room for.</param>
    public static PipeBuffer Rent(PipeBuffer? before, int least)
    {
        var buffer = TakeSpare() ?? new PipeBuffer();
        var size = before is null ? FirstSize : Math.Min(before._array.Length * 2, LargestSize);
        buffer._array = ArrayPool<byte>.Shared.Rent(Math.Max(size, least));
        if (before is not null)
        {
            before.Next = buffer;
        }

        return buffer;
    }

    /// <summary>Gives back a buffer and those that follow it.</summary>
    public static void Return(PipeBuffer? first)
    {
        while (first is not null)
        {
            var next = first.Next;
            ArrayPool<byte>.Shared.Return(first._array);
            first._array = [];
            first._written = 0;
            first.Memory = default;
            first.Next = null;
            first.RunningIndex = 0;
            first.LeaveSpare();
            first = (PipeBuffer?)next;
        }
    }

    /// <summary>Says that the first bytes of the room are written.</summary>
    public void Advance(int count)
    {
        if ((uint)count > (uint)RoomLength)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, "More bytes were written than there was room for.");
        }

        _written += count;
    }

    /// <summary>Copies what another buffer holds behind what is written here; false when there is no room for it, or it is not the only one.</summary>
    public bool TryCopy(PipeBuffer other)
    {
        if (other.Next is not null || other._written > RoomLength)
        {
            return false;
        }

        other._array.AsSpan(0, other._written).CopyTo(Room.Span);
        _written += other._written;
        return true;
    }

    /// <summary>Lets another chain of buffers follow this one.</summary>
    public void Append(PipeBuffer first) => Next = first;

    /// <summary>Shows what is written from here on.</summary>
    public ReadOnlySequence<byte> ToSequence()
    {
        var last = this;
        var index = 0L;
        while (true)
        {
            last.Memory = last._array.AsMemory(0, last._written);
            last.RunningIndex = index;
            index += last._written;
            if (last.Next is not PipeBuffer next)
            {
                return new ReadOnlySequence<byte>(this, 0, last, last._written);
            }

            last = next;
        }
    }

    private static PipeBuffer? TakeSpare()
    {
        var spare = t_spare ?? TakeLeft();
        if (spare is not null)
        {
            t_spare = (PipeBuffer?)spare.Next;
            spare.Next = null;
        }

        return spare;
    }

    private void LeaveSpare()
    {
        var spare = t_spare;
        if (spare?._spares == MostSpares)
        {
            if (!TryLeave(spare))
            {
                return;
            }

            spare = null;
        }

        _spares = 1 + (spare?._spares ?? 0);
        Next = spare;
        t_spare = this;
    }

    private static PipeBuffer? TakeLeft()
    {
        foreach (ref var left in s_left.AsSpan())
        {
            if (Volatile.Read(ref left) is not null && Interlocked.Exchange(ref left, null) is { } spare)
            {
                return spare;
            }
        }

        return null;
    }

    private static bool TryLeave(PipeBuffer spare)
    {
        foreach (ref var left in s_left.AsSpan())
        {
            if (Volatile.Read(ref left) is null && Interlocked.CompareExchange(ref left, spare, null) is null)
            {
                return true;
            }
        }

        return false;
    }
}
