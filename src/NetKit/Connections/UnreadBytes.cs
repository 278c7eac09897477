using System.Buffers;

namespace NetKit;

/// <summary>What was received and not consumed: always in one array, in a row.</summary>
/// <remarks>
/// The array is rented when data has come, and given back when all of it was consumed: who waits holds none. Not to be
/// copied, and for one at a time.
/// </remarks>
internal struct UnreadBytes
{
    private const int FirstSize = 4096;
    private const int LargestSize = 64 * 1024; // to begin with; what nobody consumes makes it grow
    private const int LeastRoom = 1024;

    private byte[] _array = [];
    private int _start;
    private int _end;
    private int _examined;
    private int _lastCount;

    public UnreadBytes()
    {
    }

    /// <summary>Whether there is something that the reader has not looked at.</summary>
    public readonly bool HasUnseen => _examined < _end;

    /// <summary>Whether there is nothing.</summary>
    public readonly bool IsEmpty => _start == _end;

    /// <summary>All of it, valid until room is made or it is consumed.</summary>
    public readonly ReadOnlySequence<byte> All => new(_array, _start, _end - _start);

    /// <summary>Makes room behind the unread bytes. Nothing shown before is valid any more.</summary>
    public Memory<byte> MakeRoom()
    {
        var unread = _end - _start;
        if (_array.Length - _end < LeastRoom)
        {
            if (_array.Length - unread >= _array.Length / 2 && _array.Length > 0)
            {
                MoveTo(_array, unread);
            }
            else
            {
                var larger = ArrayPool<byte>.Shared.Rent(NextSize(unread));
                var old = _array;
                MoveTo(larger, unread);
                Return(old);
            }
        }

        return _array.AsMemory(_end);
    }

    /// <summary>Adds what was received into the room.</summary>
    /// <returns>Whether that filled it to the brim: there may be more.</returns>
    public bool Add(int count)
    {
        _lastCount = count;
        _end += count;
        return _end == _array.Length;
    }

    /// <summary>Takes note of what the reader has consumed and looked at. Throws when that cannot be.</summary>
    public void Advance(SequencePosition consumed, SequencePosition examined)
    {
        var start = IndexOf(consumed);
        var seen = IndexOf(examined);
        if (start < _start || seen < start || seen > _end)
        {
            throw new InvalidOperationException("The positions are not of what was last read, or the examined one is before the consumed one.");
        }

        _start = start;
        _examined = seen;
    }

    /// <summary>Gives the array back, if all of it was consumed. Not while somebody has room in it.</summary>
    public void ReleaseIfConsumed()
    {
        if (IsEmpty)
        {
            Release();
        }
    }

    /// <summary>Gives the array back, with all that is in it. Not while somebody has room in it.</summary>
    public void Release()
    {
        var old = _array;
        Leave();
        Return(old);
    }

    /// <summary>Leaves the array to whoever has room in it, and to the collector then.</summary>
    public void Leave()
    {
        _array = [];
        _start = _end = _examined = 0;
    }

    private static void Return(byte[] array)
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    private void MoveTo(byte[] target, int unread)
    {
        _array.AsSpan(_start, unread).CopyTo(target);
        _array = target;
        _examined -= _start;
        _start = 0;
        _end = unread;
    }

    // Twice what came last: a stream that fills its buffers soon has large ones, a request a small one.
    private readonly int NextSize(int unread) =>
        Math.Max(Math.Clamp(_lastCount * 2, FirstSize, LargestSize), checked(unread * 2));

    private readonly int IndexOf(SequencePosition position)
    {
        var owner = position.GetObject();
        if (owner == _array)
        {
            return position.GetInteger();
        }

        return owner is null ? _start : -1;
    }
}
