using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetKit.Benchmarks;

/// <summary>Weighs what the kernel keeps for a connection that waits, beside the socket itself.</summary>
internal static unsafe class IdleMemory
{
    private const int Connections = 4_000;
    private const int Repeats = 5;

    private delegate void Preparation(ref SubmissionEntry entry, int index);

    public static string Try()
    {
        if (Environment.UserName != "root")
        {
            return "Not allowed: only root may read /proc/slabinfo.";
        }

        var pairs = Enumerable.Range(0, Connections).Select(static _ => Loopback.CreatePair()).ToArray();
        var descriptors = Array.ConvertAll(pairs, static pair => (int)pair.Server.Handle);
        var bytes = (byte*)NativeMemory.AllocZeroed(Connections);
        var found = $"epoll {Weigh(() => Watch(descriptors)):N0} B; "
            + $"ring, readiness {Weigh(() => Arm(descriptors, PreparePoll)):N0} B; "
            + $"ring, receive in flight {Weigh(() => Arm(descriptors, PrepareReceive)):N0} B; "
            + $"ring, multishot receive {Weigh(() => Arm(descriptors, PrepareMultishot)):N0} B. "
            + $"By what is in use of the kernel's slabs with {Connections:N0} connections, median of {Repeats}.";
        NativeMemory.Free(bytes);
        foreach (var (client, server) in pairs)
        {
            client.Dispose();
            server.Dispose();
        }

        return found;

        void PrepareReceive(ref SubmissionEntry entry, int index)
        {
            entry.Operation = RingOperation.Receive;
            entry.Address = (ulong)(bytes + index);
            entry.Length = 1;
        }
    }

    private static double Weigh(Func<IDisposable> wait) => Statistics.Median(Enumerable.Range(0, Repeats).Select(_ =>
    {
        var before = SlabBytes();
        long after;
        using (wait())
        {
            after = SlabBytes();
        }

        // The kernel takes a ring down in its own time.
        Thread.Sleep(300);
        return (double)(after - before) / Connections;
    }));

    private static SafeFileHandle Watch(int[] descriptors)
    {
        var poll = Epoll.Create();
        Array.ForEach(descriptors, descriptor => Epoll.Add(poll, descriptor, Epoll.Readable | Epoll.PeerFinished | Epoll.EdgeTriggered));
        return new SafeFileHandle(poll, ownsHandle: true);
    }

    private static Ring Arm(int[] descriptors, Preparation prepare)
    {
        var ring = Ring.TryCreate(Variant.Deferred, out var errno) ?? throw Errno.ToException("io_uring_setup", errno);
        for (var index = 0; index < descriptors.Length; index++)
        {
            ref var entry = ref ring.Next();
            entry.Descriptor = descriptors[index];
            prepare(ref entry, index);
        }

        ring.Enter(0);
        return ring;
    }

    private static void PreparePoll(ref SubmissionEntry entry, int index)
    {
        entry.Operation = RingOperation.Poll;
        entry.Length = SubmissionEntry.PollMultishot;
        entry.CallFlags = Epoll.Readable | Epoll.PeerFinished;
    }

    private static void PrepareMultishot(ref SubmissionEntry entry, int index)
    {
        // Of a group that does not exist: it is chosen from only when there is data.
        entry.Operation = RingOperation.Receive;
        entry.Flags = EntryFlags.SelectBuffer;
        entry.Mode = SubmissionEntry.ReceiveMultishot | SubmissionEntry.PollFirst;
    }

    // By objects, not by pages: those that the last repetition freed would be used again.
    private static long SlabBytes() => File.ReadLines("/proc/slabinfo").Skip(2).Sum(static line =>
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(fields[1], CultureInfo.InvariantCulture) * long.Parse(fields[3], CultureInfo.InvariantCulture);
    });
}
