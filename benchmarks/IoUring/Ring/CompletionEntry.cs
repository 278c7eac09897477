using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>struct io_uring_cqe: what became of an operation. Below zero the result is an error number, negated.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct CompletionEntry
{
    public readonly ulong UserData;
    public readonly int Result;
    private readonly uint _flags;

    public bool HasBuffer => (_flags & 1) != 0;

    /// <summary>Whether a multishot operation goes on.</summary>
    public bool HasMore => (_flags & 2) != 0;

    /// <summary>Whether the socket held more than was received.</summary>
    public bool LeftData => (_flags & 4) != 0;

    public ushort Buffer => (ushort)(_flags >> 16);
}
