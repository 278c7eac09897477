namespace NetKit;

/// <summary>Counts what succeeded and failed of late, in ten parts of a sliding window. Not for several threads at once.</summary>
internal sealed class FailureWindow(TimeSpan length, long now)
{
    private const int Parts = 10;

    private readonly (int Succeeded, int Failed)[] _parts = new (int, int)[Parts];
    private readonly long _partLength = length.Ticks / Parts;
    private long _newest = now / (length.Ticks / Parts); // counts parts from the clock's zero; older ones lie before it in the ring

    /// <summary>Adds one outcome.</summary>
    /// <param name="now">The time of a monotonic clock, in ticks.</param>
    /// <param name="failed">Whether it was a failure.</param>
    public void Add(long now, bool failed)
    {
        MoveTo(now);
        ref var part = ref _parts[IndexOf(_newest)];
        part = failed ? (part.Succeeded, part.Failed + 1) : (part.Succeeded + 1, part.Failed);
    }

    /// <summary>Sums up the window as it is now.</summary>
    public (int Succeeded, int Failed) Count(long now)
    {
        MoveTo(now);
        var (succeeded, failed) = (0, 0);
        foreach (var part in _parts)
        {
            (succeeded, failed) = (succeeded + part.Succeeded, failed + part.Failed);
        }

        return (succeeded, failed);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => Array.Clear(_parts);

    private void MoveTo(long now)
    {
        var current = now / _partLength;
        for (var passed = Math.Min(current - _newest, Parts); passed > 0; passed--)
        {
            _parts[IndexOf(current - passed + 1)] = default;
        }

        _newest = Math.Max(_newest, current);
    }

    // A clock may begin below zero.
    private static int IndexOf(long part) => (int)(((part % Parts) + Parts) % Parts);
}
