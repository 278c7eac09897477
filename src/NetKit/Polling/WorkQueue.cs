using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>Work for a loop, first come first served, from any thread.</summary>
internal sealed class WorkQueue
{
    private readonly Lock _gate = new(); // guards _items
    private readonly Queue<IThreadPoolWorkItem> _items = new();
    private int _count;

    /// <summary>Tells, without waiting for anybody, whether there is none.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>Tells, without waiting for anybody, how much there is.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Add(IThreadPoolWorkItem item)
    {
        lock (_gate)
        {
            _items.Enqueue(item);
            Volatile.Write(ref _count, _items.Count);
        }
    }

    public bool TryTake([NotNullWhen(true)] out IThreadPoolWorkItem? item)
    {
        lock (_gate)
        {
            var found = _items.TryDequeue(out item);
            Volatile.Write(ref _count, _items.Count);
            return found;
        }
    }
}
