namespace NetKit;

/// <summary>Lets what could happen very often happen at most once in an interval, and counts what was held back.</summary>
internal sealed class OnceAWhile
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly TimeSpan _interval;
    private readonly TimeProvider? _timeProvider;
    private Deadline _next;
    private int _heldBack;

    public OnceAWhile(TimeSpan interval, TimeProvider? timeProvider)
    {
        _interval = interval;
        _timeProvider = timeProvider;
    }

    /// <summary>Tells whether it is time. If so, also how often it was not since the last time.</summary>
    public bool IsTime(out int heldBack)
    {
        lock (_gate)
        {
            heldBack = _heldBack;
            if (!_next.IsNone && !_next.HasPassed)
            {
                _heldBack++;
                return false;
            }

            _heldBack = 0;
            _next = Deadline.After(_interval, _timeProvider);
            return true;
        }
    }
}
