namespace NetKit.Benchmarks;

/// <summary>Sends with a system call, and leaves to the ring only what the socket had no room for.</summary>
internal sealed class DirectSender(RingLoop loop, RingConnection connection) : RingSender(loop, connection)
{
    private readonly int _descriptor = connection.Descriptor;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) => DirectCalls.TrySend(_descriptor, ref buffer) switch
    {
        0 => ValueTask.CompletedTask,
        Errno.Again => base.WriteAsync(buffer),
        var errno => ValueTask.FromException(Errno.ToException("send", errno)),
    };
}
