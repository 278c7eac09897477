using System.Globalization;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Waits for the sockets of the process on Linux: epoll, a few loops, and user code that goes on where the event was seen.</summary>
internal static class NetPoller
{
    private const int MostLoops = 256;

    // Two belong to each loop. A process that may have few keeps them for its connections.
    private const int DescriptorsForEachLoop = 64;

    private static readonly Lock s_gate = new(); // guards the making of s_loops
    private static PollLoop[]? s_loops;
    private static uint s_next;

    /// <summary>Picks a loop for a connection that comes from outside: each in turn.</summary>
    public static PollLoop NextLoop()
    {
        var loops = Volatile.Read(ref s_loops) ?? CreateLoops();
        var loop = loops[Interlocked.Increment(ref s_next) % (uint)loops.Length];

        // Here, where failing to start it fails to make a connection, and not where one waits already.
        loop.Start();
        return loop;
    }

    /// <summary>Picks a loop for a connection that the caller makes: its own, so that what belongs together meets no other thread.</summary>
    public static PollLoop LoopForCaller() => LoopThread.CurrentLoop ?? NextLoop();

    /// <summary>Reads how many loops there shall be.</summary>
    internal static int ParseLoops(string? value)
    {
        if (value is null)
        {
            return Math.Clamp(DescriptorLimit.Current / DescriptorsForEachLoop, 1, Math.Min(Environment.ProcessorCount, MostLoops));
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var loops) && loops is >= 1 and <= MostLoops
            ? loops
            : throw ProcessSetting.PollerLoops.Invalid(value, $"a number from 1 to {MostLoops}");
    }

    private static PollLoop[] CreateLoops()
    {
        lock (s_gate)
        {
            if (s_loops is { } made)
            {
                return made;
            }

            var loops = new PollLoop[ParseLoops(ProcessSetting.PollerLoops.Value)];
            for (var index = 0; index < loops.Length; index++)
            {
                try
                {
                    loops[index] = new PollLoop();
                }
                catch (SocketException) when (index > 0)
                {
                    // The process has no descriptors to spare. One loop serves as many connections as many do.
                    loops = loops[..index];
                }
            }

            Volatile.Write(ref s_loops, loops);
            return loops;
        }
    }
}
