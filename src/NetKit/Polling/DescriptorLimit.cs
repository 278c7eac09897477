using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>Tells when a process has come close to the descriptors it may have.</summary>
/// <remarks>
/// The runtime needs a few at moments nobody chooses, for a thread or an assembly, and ends the process when it cannot
/// have them. So a server stops before the last one. The system gives the lowest free number; so the number that a new
/// client got tells how many are in use, without counting.
/// </remarks>
internal static partial class DescriptorLimit
{
    private const int DescriptorsOnLinux = 7; // RLIMIT_NOFILE
    private const int FewestSpared = 8;
    private const int MostSpared = 32;

    private static volatile int s_current = Ask();

    /// <summary>How many the process may have, when it was asked last; <see cref="int.MaxValue"/> where that is not told.</summary>
    public static int Current => s_current;

    /// <summary>Tells whether a descriptor is one of the last few, which are left to the runtime.</summary>
    /// <remarks>Asks again before it says so: the limit may have been raised while the process runs.</remarks>
    public static bool IsSpared(nint descriptor)
    {
        if (descriptor < FirstSpared)
        {
            return false;
        }

        Refresh();
        return descriptor >= FirstSpared;
    }

    /// <summary>Asks again. For who could not get a descriptor: the limit may have been lowered.</summary>
    public static void Refresh() => s_current = Ask();

    private static int FirstSpared => Current - Math.Clamp(Current / 8, FewestSpared, MostSpared);

    private static int Ask() =>
        OperatingSystem.IsLinux() && GetLimit(DescriptorsOnLinux, out var limit) == 0
            ? (int)Math.Min(limit.Current, int.MaxValue)
            : int.MaxValue;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    // rlim_t is a machine word on the systems that .NET runs on.
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public nuint Current;
        public nuint Most;
    }
}
