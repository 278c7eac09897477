namespace NetKit.Benchmarks;

/// <summary>The buffers that multishot receives of one loop fill, and for each what is in it.</summary>
internal sealed class ReceivedBuffers(Ring ring, int count, int size) : IDisposable
{
    private readonly BufferRing _buffers = new(ring, count, size);
    private readonly Content[] _contents = new Content[count];
    private BufferMemory? _memory;

    public int Size => _buffers.Size;

    public int Available => _buffers.Available;

    public ushort Take() => _buffers.Take();

    public void Return(ushort buffer) => _buffers.Return(buffer);

    public ref Content this[int buffer] => ref _contents[buffer];

    /// <summary>What is in a buffer and has not been read yet.</summary>
    public unsafe ReadOnlySpan<byte> Span(int buffer)
    {
        ref var content = ref _contents[buffer];
        return new ReadOnlySpan<byte>(_buffers[(ushort)buffer] + content.Offset, content.Length);
    }

    /// <summary>The same as a memory to lend.</summary>
    public unsafe ReadOnlyMemory<byte> Memory(int buffer)
    {
        _memory ??= new BufferMemory(_buffers[0], count * _buffers.Stride);
        ref var content = ref _contents[buffer];
        return _memory.Memory.Slice((buffer * _buffers.Stride) + content.Offset, content.Length);
    }

    public void Dispose() => _buffers.Dispose();

    /// <summary>What is in a buffer, and which buffer of the same connection comes after it.</summary>
    public struct Content
    {
        public const int None = -1;

        public int Offset;
        public int Length;
        public int Next;
    }
}
