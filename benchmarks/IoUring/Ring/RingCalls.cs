using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>The three system calls of io_uring. libc has no wrappers for them; their numbers are the same on every processor.</summary>
internal static unsafe partial class RingCalls
{
    public const int SetupNumber = 425;
    private const int EnterNumber = 426;
    private const int RegisterNumber = 427;

    /// <summary>Makes a ring; below zero is the error number, negated.</summary>
    public static int Setup(uint entries, RingParameters* parameters) =>
        Result(Call(SetupNumber, (nint)entries, (nint)parameters, 0, 0, 0, 0));

    /// <summary>Submits entries and waits for completions; below zero is the error number, negated.</summary>
    public static int Enter(int ring, uint submit, uint complete, EnterFlags flags) =>
        Result(Call(EnterNumber, ring, (nint)submit, (nint)complete, (nint)(uint)flags, 0, 0));

    /// <summary>Registers something with a ring; below zero is the error number, negated.</summary>
    public static int Register(int ring, RegisterOperation operation, void* argument, uint count) =>
        Result(Call(RegisterNumber, ring, (nint)(uint)operation, (nint)argument, (nint)count, 0, 0));

    private static int Result(nint returned) => returned >= 0 ? (int)returned : -Errno.Last;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);
}
