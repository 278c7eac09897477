namespace NetKit;

/// <content>Lets a schedule ask whether the invariants hold.</content>
public sealed partial class ConnectionPool
{
    /// <summary>Names an invariant that does not hold at this moment; null when all do. What is due and has not been looked at yet, for timers may be late, is no violation.</summary>
    internal string? Violation()
    {
        lock (_gate)
        {
            var now = Now;
            return _core.TimerAt <= now ? null : _core.Violation(now);
        }
    }
}
