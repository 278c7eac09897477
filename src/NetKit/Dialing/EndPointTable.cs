using System.Net;

namespace NetKit;

/// <summary>Remembers something of each endpoint, for as long as it is asked for and within a bound. The longest unused is forgotten first.</summary>
internal sealed class EndPointTable<T>(Func<EndPoint, T> create, int capacity, TimeSpan idleTime, TimeProvider? clock)
{
    private readonly Lock _gate = new(); // guards both collections, and the entries' times
    private readonly Dictionary<EndPoint, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new(); // the latest first

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Gives what is remembered of an endpoint, made now if there is nothing yet.</summary>
    public T Get(EndPoint endPoint)
    {
        lock (_gate)
        {
            // No timer: whoever asks tidies up.
            var now = MonotonicClock.Now(clock);
            while (_byUse.Last is { } last && now - last.Value.UsedAt > idleTime.Ticks)
            {
                Forget(last);
            }

            if (_entries.TryGetValue(endPoint, out var node))
            {
                _byUse.Remove(node);
            }
            else
            {
                var key = DialTarget.Copy(endPoint);
                node = new LinkedListNode<Entry>(new Entry(key, create(key)));
                _entries.Add(key, node);
            }

            node.Value.UsedAt = now;
            _byUse.AddFirst(node);
            if (_byUse.Count > capacity)
            {
                Forget(_byUse.Last!);
            }

            return node.Value.Value;
        }
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.EndPoint);
        _byUse.Remove(node);
    }

    private sealed class Entry(EndPoint endPoint, T value)
    {
        public EndPoint EndPoint { get; } = endPoint;

        public T Value { get; } = value;

        public long UsedAt { get; set; }
    }
}
