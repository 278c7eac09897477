namespace NetKit;

/// <summary>Counts what happens once a connection or less often: always, so that whoever comes to look finds the count right.</summary>
internal sealed class Tally
{
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Increment() => Interlocked.Increment(ref _count);

    public void Add(long count) => Interlocked.Add(ref _count, count);

    public void Decrement() => Interlocked.Decrement(ref _count);
}
