namespace NetKit.Benchmarks;

/// <summary>Sends with a system call when the loop has nothing else to do, and through the ring when it can go with others.</summary>
internal sealed class AdaptiveSender(RingLoop loop, RingConnection connection) : RingSender(loop, connection)
{
    private readonly Ring _ring = loop.Ring;
    private readonly int _descriptor = connection.Descriptor;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        if (_ring.HasCompletions || _ring.HasSubmissions)
        {
            return base.WriteAsync(buffer);
        }

        return DirectCalls.TrySend(_descriptor, ref buffer) switch
        {
            0 => ValueTask.CompletedTask,
            Errno.Again => base.WriteAsync(buffer),
            var errno => ValueTask.FromException(Errno.ToException("send", errno)),
        };
    }
}
