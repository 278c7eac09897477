using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>A ring and a connected pair of sockets to try something on.</summary>
internal sealed class RingTrial : IDisposable
{
    public RingTrial(SetupFlags flags = Variant.Deferred)
    {
        Ring = Ring.TryCreate(flags, out var errno) ?? throw Errno.ToException("io_uring_setup", errno);
        (Client, Server) = Loopback.CreatePair();
    }

    public Ring Ring { get; }

    /// <summary>The peer, used with plain calls.</summary>
    public Socket Client { get; }

    /// <summary>The end that the ring works on.</summary>
    public Socket Server { get; }

    public int Descriptor => (int)Server.Handle;

    public ref SubmissionEntry Prepare(RingOperation operation, ulong userData)
    {
        ref var entry = ref Ring.Next();
        entry.Operation = operation;
        entry.Descriptor = Descriptor;
        entry.UserData = userData;
        return ref entry;
    }

    public unsafe void PrepareReceive(byte* buffer, int length, ulong userData)
    {
        ref var entry = ref Prepare(RingOperation.Receive, userData);
        entry.Address = (ulong)buffer;
        entry.Length = (uint)length;
    }

    public void PrepareCancel(ulong target, ulong userData)
    {
        ref var entry = ref Ring.Next();
        entry.Operation = RingOperation.Cancel;
        entry.Descriptor = -1;
        entry.UserData = userData;
        entry.Address = target;
    }

    public void Dispose()
    {
        Ring.Dispose();
        Client.Dispose();
        Server.Dispose();
    }
}
