using System.Globalization;
using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Counts the system calls of a process by the kernel's own tracepoint, which costs the program next to nothing.</summary>
/// <remarks>strace would stop the program at each call, and so change how often it finds a socket empty.</remarks>
internal sealed partial class SystemCallCounter : IDisposable
{
    private const uint Tracepoint = 2;
    private const ulong Inherit = 1 << 1;

    private readonly List<int> _counters = [];

    private SystemCallCounter()
    {
    }

    /// <summary>Starts counting; null where the kernel does not let us (it wants root, or perf_event_paranoid of -1).</summary>
    /// <param name="process">Whose calls. Default (null): this process's.</param>
    public static unsafe SystemCallCounter? TryStart(int? process = null)
    {
        const string Id = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";
        var call = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 298, Architecture.Arm64 => 241, _ => 0 };
        if (!OperatingSystem.IsLinux() || call == 0 || !TryRead(Id, out var id))
        {
            return null;
        }

        var counter = new SystemCallCounter();
        var attributes = new Attributes { Type = Tracepoint, Size = (uint)sizeof(Attributes), Config = id, Flags = Inherit };
        foreach (var task in Directory.EnumerateDirectories($"/proc/{process ?? Environment.ProcessId}/task"))
        {
            // Any CPU, no group. Threads born later are inherited; one that ended meanwhile is no loss.
            var thread = int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture);
            var descriptor = (int)Call(call, &attributes, thread, cpu: -1, group: -1, flags: 0);
            if (descriptor >= 0)
            {
                counter._counters.Add(descriptor);
            }
        }

        if (counter._counters.Count > 0)
        {
            return counter;
        }

        counter.Dispose();
        return null;
    }

    public unsafe long Count()
    {
        var sum = 0L;
        foreach (var descriptor in _counters)
        {
            long count;
            if (Read(descriptor, &count, sizeof(long)) == sizeof(long))
            {
                sum += count;
            }
        }

        return sum;
    }

    public void Dispose()
    {
        foreach (var descriptor in _counters)
        {
            _ = Close(descriptor);
        }

        _counters.Clear();
    }

    private static bool TryRead(string path, out ulong id)
    {
        id = 0;
        try
        {
            return ulong.TryParse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out id);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static unsafe partial nint Call(nint number, Attributes* attributes, nint thread, nint cpu, nint group, nint flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static unsafe partial nint Read(int descriptor, void* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    // struct perf_event_attr in its first published size, 64 bytes.
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Type;
        public uint Size;
        public ulong Config;
        public ulong SamplePeriod;
        public ulong SampleType;
        public ulong ReadFormat;
        public ulong Flags;
        public uint WakeupEvents;
        public uint BreakpointType;
        public ulong BreakpointAddress;
    }
}
