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

    /// <summary>How many the process may have; <see cref="int.MaxValue"/> where that is not told.</summary>
    /// <remarks>Asked once: a limit hardly ever changes while a process runs, and the runtime itself does not outlive one that is lowered to less than it needs.</remarks>
    public static int Current { get; } = Ask();

    private static readonly int s_firstSpared = Current - Math.Clamp(Current / 8, FewestSpared, MostSpared);

    /// <summary>Tells whether a descriptor is one of the last few, which are left to the runtime.</summary>
    public static bool IsSpared(nint descriptor) => descriptor >= s_firstSpared;

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
