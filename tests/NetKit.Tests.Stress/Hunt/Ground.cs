namespace NetKit.Tests.Stress;

/// <summary>The links there are, each at its place; where one has ended, another is opened. Any thread may call.</summary>
internal sealed class Ground(int places, Doors doors, StallWatch watch, int watchPlace)
{
    private const int MostRemembered = 1_000;

    private readonly Link?[] _links = new Link?[places];
    private readonly int[] _taken = new int[places]; // 1 from before a link is opened until after it has ended
    private readonly Lock _gate = new(); // guards all below
    private readonly List<WeakReference<Connection>> _ended = [];
    private long _opened;
    private long _received;
    private long _lost;
    private int _cut;

    public int Places => places;

    /// <summary>How many links were opened.</summary>
    public long Opened => Volatile.Read(ref _opened);

    /// <summary>How many links there are.</summary>
    public int Count => _taken.Count(static taken => taken != 0);

    /// <summary>Counts connections that nobody uses any more and something still holds. After a collection.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _ended.Count(static connection => connection.TryGetTarget(out _));
            }
        }
    }

    /// <summary>Tells whether something has a reason to end right now.</summary>
    public bool HasDue => Array.Exists(_links, static link => link?.HasDue == true);

    public Link? At(int place) => Volatile.Read(ref _links[place]);

    public override string ToString()
    {
        lock (_gate)
        {
            return $"{_opened} links, {_received:N0} B arrived as they were sent, {_lost:N0} B were lost on {_cut} links that were cut";
        }
    }

    /// <summary>Opens a link there, unless somebody else does.</summary>
    public void Open(int place, Random random)
    {
        if (Interlocked.Exchange(ref _taken[place], 1) != 0)
        {
            return;
        }

        try
        {
            var link = doors.Open(Interlocked.Increment(ref _opened), random);
            watch.Put(watchPlace + place, link);
            Volatile.Write(ref _links[place], link);
        }
        catch (Exception exception)
        {
            Findings.Report($"Open: {exception}");
            Volatile.Write(ref _taken[place], 0);
        }
    }

    /// <summary>Begins to end a link, unless that goes on already.</summary>
    public void End(int place, Link link, Fate fate, Random random)
    {
        if (link.TryEnd(fate, random) is { } ending)
        {
            _ = ClearAsync(place, link, ending);
        }
    }

    /// <summary>Begins to end them all.</summary>
    public void EndAll(Random random)
    {
        for (var place = 0; place < places; place++)
        {
            if (At(place) is { } link)
            {
                End(place, link, Fate.Peace, random);
            }
        }
    }

    private async Task ClearAsync(int place, Link link, Task ending)
    {
        try
        {
            await ending.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Findings.Report($"{link} does not end: {exception}");
        }

        lock (_gate)
        {
            _received += link.Received;
            _lost += link.Lost;
            _cut += link.IsCut ? 1 : 0;
            if (_ended.Count < MostRemembered)
            {
                _ended.Add(new WeakReference<Connection>(link.Client));
            }
        }

        watch.Put(watchPlace + place, null);
        Volatile.Write(ref _links[place], null);
        Volatile.Write(ref _taken[place], 0);
    }
}
