namespace NetKit.Tests.Chaos;

/// <summary>Counts what became of all calls, and keeps what must not have happened. Callers count at once.</summary>
internal sealed class Tally
{
    private const int MostFindings = 20;

    private readonly Lock _gate = new(); // guards all
    private readonly List<string> _findings = [];

    public long Answered { get; private set; }

    /// <summary>Calls that got no connection.</summary>
    public long Unserved { get; private set; }

    /// <summary>Calls that failed, or were cancelled, with a connection or perhaps with one: each has cost it.</summary>
    public long Broken { get; private set; }

    /// <summary>Calls that asked the server to close behind the answer.</summary>
    public long Closes { get; private set; }

    public TimeSpan LongestWait { get; private set; }

    public IReadOnlyList<string> Findings
    {
        get
        {
            lock (_gate)
            {
                return [.. _findings];
            }
        }
    }

    public long Successes
    {
        get
        {
            lock (_gate)
            {
                return Answered;
            }
        }
    }

    public void AddAnswer()
    {
        lock (_gate)
        {
            Answered++;
        }
    }

    public void AddUnserved()
    {
        lock (_gate)
        {
            Unserved++;
        }
    }

    public void AddBroken()
    {
        lock (_gate)
        {
            Broken++;
        }
    }

    public void AddClose()
    {
        lock (_gate)
        {
            Closes++;
        }
    }

    public void AddWait(TimeSpan wait)
    {
        lock (_gate)
        {
            LongestWait = wait > LongestWait ? wait : LongestWait;
        }
    }

    /// <summary>Notes what must not have happened.</summary>
    public void Find(string finding)
    {
        lock (_gate)
        {
            if (_findings.Count < MostFindings)
            {
                _findings.Add(finding);
            }
        }
    }
}
