using System.Globalization;
using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Gives the last core to one thread, and the others to all other threads of the process.</summary>
internal static partial class OwnCore
{
    /// <summary>Gives it to the thread that calls. Threads to come go where the threads that start them are.</summary>
    public static void Take()
    {
        var last = Environment.ProcessorCount - 1;
        if (last == 0 || !OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (var task in Directory.GetDirectories("/proc/self/task"))
        {
            Bind(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), (1L << last) - 1);
        }

        Bind(thread: 0, 1L << last);
    }

    /// <summary>Lets every thread run everywhere again.</summary>
    public static void GiveBack()
    {
        foreach (var task in Directory.GetDirectories("/proc/self/task"))
        {
            Bind(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), (1L << Environment.ProcessorCount) - 1);
        }
    }

    // A thread that has ended meanwhile is none to bind.
    private static void Bind(int thread, long cores) => _ = SetAffinity(thread, sizeof(long), in cores);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint size, in long cores);
}
