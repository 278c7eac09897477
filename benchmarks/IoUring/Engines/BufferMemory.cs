using System.Buffers;

namespace NetKit.Benchmarks;

/// <summary>Shows memory that the collector does not know as <see cref="Memory{T}"/>.</summary>
internal sealed unsafe class BufferMemory(byte* start, int length) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new(start, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
