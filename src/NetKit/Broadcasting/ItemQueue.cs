using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>A queue of at most so many items, which takes memory as they come. Not thread-safe.</summary>
/// <typeparam name="T">The items.</typeparam>
internal struct ItemQueue<T>(int capacity)
{
    private const int SmallestLength = 4;

    private T[] _ring = [];
    private int _head;

    public readonly int Capacity => capacity;

    public int Count { get; private set; }

    public bool TryEnqueue(T item)
    {
        if (Count == _ring.Length && !TryGrow())
        {
            return false;
        }

        var tail = _head + Count;
        _ring[tail < _ring.Length ? tail : tail - _ring.Length] = item;
        Count++;
        return true;
    }

    public T Dequeue()
    {
        Debug.Assert(Count > 0);
        var item = _ring[_head];
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            _ring[_head] = default!;
        }

        _head = _head + 1 < _ring.Length ? _head + 1 : 0;
        Count--;
        return item;
    }

    public void Clear()
    {
        _ring = [];
        _head = Count = 0;
    }

    private bool TryGrow()
    {
        if (Count == capacity)
        {
            return false;
        }

        var ring = new T[Count == 0 ? Math.Min(SmallestLength, capacity) : (int)Math.Min(capacity, 2L * Count)];
        _ring.AsSpan(_head).CopyTo(ring);
        _ring.AsSpan(0, _head).CopyTo(ring.AsSpan(Count - _head));
        _ring = ring;
        _head = 0;
        return true;
    }
}
