namespace NetKit.Samples;

/// <summary>Knows of a backend what its dials tell: after one that fails it is put aside for a while, then tried by one client at a time.</summary>
/// <remarks>
/// A backend that falls silent takes many dials down with it at once. Those are one failure: only a dial that began after the
/// last change says something new.
/// </remarks>
/// <param name="backoff">How long to put it aside.</param>
/// <param name="clock">Measures that.</param>
/// <param name="random">Draws from 0 to 1, evenly.</param>
internal sealed class BackendHealth(BackoffTime backoff, TimeProvider clock, Func<double> random)
{
    private readonly Lock _gate = new(); // guards all below
    private int _failures; // in a row
    private int _changes;
    private bool _isOnTrial;
    private long _asideSince;
    private TimeSpan _asideFor;

    /// <summary>The failures in a row; 0 while it is up.</summary>
    public int Failures
    {
        get
        {
            lock (_gate)
            {
                return _failures;
            }
        }
    }

    public bool IsUp => Failures == 0;

    /// <summary>Tells whether it may be dialed now. Whoever is told so tells how that went, with the number it gets here.</summary>
    public bool TryBegin(out int dial)
    {
        lock (_gate)
        {
            dial = _changes;
            if (_failures == 0)
            {
                return true;
            }

            if (_isOnTrial || clock.GetElapsedTime(_asideSince) < _asideFor)
            {
                return false;
            }

            return _isOnTrial = true;
        }
    }

    /// <summary>Takes in a dial that succeeded. True when that brings the backend back.</summary>
    public bool OnConnected()
    {
        lock (_gate)
        {
            if (_failures == 0)
            {
                return false;
            }

            (_failures, _isOnTrial) = (0, false);
            _changes++;
            return true;
        }
    }

    /// <summary>Takes in a dial that failed. Gives for how long the backend is put aside because of it; null when it tells nothing new.</summary>
    public TimeSpan? OnFailed(int dial)
    {
        lock (_gate)
        {
            if (dial != _changes)
            {
                return null;
            }

            _failures++;
            _changes++;
            _isOnTrial = false;
            _asideSince = clock.GetTimestamp();
            _asideFor = backoff.After(_failures, random());
            return _asideFor;
        }
    }

    /// <summary>Takes in a dial that was given up for reasons of its own: the next may try.</summary>
    public void OnAbandoned(int dial)
    {
        lock (_gate)
        {
            if (dial == _changes)
            {
                _isOnTrial = false;
            }
        }
    }
}
