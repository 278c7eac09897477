using System.Buffers;
using System.Runtime.InteropServices;

namespace NetKit.Tests;

/// <summary>Memory with no array behind it.</summary>
internal sealed unsafe class ArraylessMemory(int length) : MemoryManager<byte>
{
    private readonly byte* _start = (byte*)NativeMemory.Alloc((nuint)length);

    public override Span<byte> GetSpan() => new(_start, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => NativeMemory.Free(_start);
}
