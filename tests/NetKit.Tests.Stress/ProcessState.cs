using System.Globalization;

namespace NetKit.Tests.Stress;

/// <summary>What the kernel tells of a process.</summary>
internal sealed class ProcessState(string process)
{
    /// <summary>The process that asks.</summary>
    public static ProcessState Own { get; } = new("self");

    /// <summary>Counts the sockets that it holds. Not what else there is: the runtime opens two descriptors for each assembly it loads.</summary>
    public int Sockets => new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos().Count(
        static descriptor => descriptor.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    public int Threads => Directory.GetDirectories($"/proc/{process}/task").Length;

    /// <summary>The time it has used of the cores, user and system, as far as the kernel counts it: in hundredths of a second.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            // After the name in brackets, which may hold anything: state is the first field, utime and stime the 12th and 13th.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromMilliseconds(10 * (Number(fields[11]) + Number(fields[12])));
        }
    }

    /// <summary>How often each thread has come off a core so far, of its own accord or not; by "name (number)".</summary>
    public Dictionary<string, long> Switches()
    {
        var switches = new Dictionary<string, long>();
        foreach (var task in Directory.GetDirectories($"/proc/{process}/task"))
        {
            try
            {
                var lines = File.ReadAllLines($"{task}/status");
                switches[$"{Field(lines, "Name")} ({Field(lines, "Pid")})"] =
                    Number(Field(lines, "voluntary_ctxt_switches")) + Number(Field(lines, "nonvoluntary_ctxt_switches"));
            }
            catch (IOException)
            {
                // That thread has ended.
            }
        }

        return switches;
    }

    private static string Field(string[] lines, string name) =>
        lines.First(line => line.StartsWith($"{name}:", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    private static long Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);
}
