namespace NetKit.Samples;

/// <summary>Counts bytes, by many connections at once.</summary>
internal sealed class ByteCount
{
    private long _total;

    public long Total => Volatile.Read(ref _total);

    public void Add(int count) => Interlocked.Add(ref _total, count);
}
