using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>A group of buffers that the kernel takes from when data comes, and that we give back.</summary>
internal sealed unsafe class BufferRing : IDisposable
{
    public const ushort Group = 0;

    private const int Page = 4096;

    // Buffers a power of 2 apart would all want the same few lines of the processor's cache.
    private const int Gap = 192;

    private readonly Ring _ring;
    private readonly Entry* _entries;
    private readonly byte* _memory;
    private readonly ushort _mask;

    private ushort _tail;
    private ushort _head; // what the kernel has taken, in the order of the ring

    public BufferRing(Ring ring, int count, int size)
    {
        _ring = ring;
        Size = size;
        _mask = (ushort)(count - 1);
        _entries = (Entry*)NativeMemory.AlignedAlloc((nuint)(count * sizeof(Entry)), Page);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)count * (nuint)(size + Gap), Page);
        NativeMemory.Clear(_entries, (nuint)(count * sizeof(Entry)));
        var request = new Request { Address = (ulong)_entries, Count = (uint)count, Group = Group };
        var result = ring.Register(RegisterOperation.BufferRing, &request, 1);
        if (result < 0)
        {
            throw Errno.ToException("io_uring_register of a buffer ring", -result);
        }

        for (var buffer = 0; buffer < count; buffer++)
        {
            Return((ushort)buffer);
        }
    }

    /// <summary>The bytes of one buffer.</summary>
    public int Size { get; }

    /// <summary>The bytes from one buffer to the next.</summary>
    public int Stride => Size + Gap;

    /// <summary>How many buffers the kernel may still take.</summary>
    public int Available => (ushort)(_tail - _head);

    public byte* this[ushort buffer] => _memory + ((nint)buffer * Stride);

    /// <summary>Notes that the kernel took the next buffer of the ring.</summary>
    /// <returns>Which one that is: a bundle names only its first.</returns>
    public ushort Take() => _entries[_head++ & _mask].Buffer;

    public void Return(ushort buffer)
    {
        ref var entry = ref _entries[_tail & _mask];
        entry.Address = (ulong)this[buffer];
        entry.Length = (uint)Size;
        entry.Buffer = buffer;
        Volatile.Write(ref _entries->Tail, ++_tail);
    }

    public void Dispose()
    {
        var request = new Request { Group = Group };
        _ = _ring.Register(RegisterOperation.RemoveBufferRing, &request, 1);
        NativeMemory.AlignedFree(_memory);
        NativeMemory.AlignedFree(_entries);
    }

    /// <summary>struct io_uring_buf; the tail of the whole ring overlays the first.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Entry
    {
        public ulong Address;
        public uint Length;
        public ushort Buffer;
        public ushort Tail;
    }

    /// <summary>struct io_uring_buf_reg.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 40)]
    public struct Request
    {
        public ulong Address;
        public uint Count;
        public ushort Group;
        public ushort Flags;
    }
}
