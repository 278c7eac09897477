using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Forbids a system call to this thread and to those it starts from here on.</summary>
internal static unsafe partial class SystemCallFilter
{
    private const int NoNewPrivileges = 38; // PR_SET_NO_NEW_PRIVS
    private const int SetFilter = 22; // PR_SET_SECCOMP
    private const int FilterMode = 2; // SECCOMP_MODE_FILTER
    private const uint Refuse = 0x00050000 | Errno.NotPermitted; // SECCOMP_RET_ERRNO
    private const uint Allow = 0x7FFF0000; // SECCOMP_RET_ALLOW

    public static void Forbid(int number)
    {
        var instructions = stackalloc Instruction[]
        {
            new(0x20, 0, 0, 0), // load the number of the call, the first word of what the filter is shown
            new(0x15, 0, 1, (uint)number), // skip one unless it is this
            new(0x06, 0, 0, Refuse),
            new(0x06, 0, 0, Allow),
        };
        var program = new FilterProgram { Length = 4, Instructions = instructions };
        if (Control(NoNewPrivileges, 1, 0, 0, 0) != 0 || Control(SetFilter, FilterMode, (nint)(&program), 0, 0) != 0)
        {
            throw Errno.LastAsException("prctl");
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint second, nint third, nint fourth, nint fifth);

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte JumpIfTrue, byte JumpIfFalse, uint Operand);

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
