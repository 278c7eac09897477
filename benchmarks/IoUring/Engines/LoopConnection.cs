namespace NetKit.Benchmarks;

/// <summary>A connection of either engine: what a handler sees, and all it sees. Belongs to the thread of its loop.</summary>
internal abstract class LoopConnection
{
    /// <summary>What <see cref="BorrowAsync"/> received, until <see cref="Return"/>.</summary>
    public virtual ReadOnlyMemory<byte> Borrowed => throw LendsNothing();

    /// <summary>Reads what the peer sent into the caller's buffer; 0 is the end.</summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer);

    /// <summary>Waits for what the peer sent, and lends it instead of copying it; 0 is the end.</summary>
    public virtual ValueTask<int> BorrowAsync() => throw LendsNothing();

    public virtual void Return() => throw LendsNothing();

    /// <summary>Writes the whole of the caller's buffer.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> buffer);

    /// <summary>Closes politely: what was written arrives. Once only.</summary>
    public abstract void Close();

    private static NotSupportedException LendsNothing() => new("This engine has no buffers of its own to lend.");
}
