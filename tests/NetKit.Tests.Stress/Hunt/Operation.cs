namespace NetKit.Tests.Stress;

/// <summary>An operation under way.</summary>
/// <param name="name">What it does.</param>
/// <param name="limit">When it must have ended by a timeout of its own, by <see cref="Heartbeat"/>.</param>
/// <param name="token">What it was called with.</param>
internal sealed class Operation(string name, TimeSpan limit, CancellationToken token)
{
    private readonly TimeSpan _begin = Heartbeat.Now;
    private TimeSpan? _dueSince; // the stall watch's

    /// <summary>Tells whether it has been under way for so long.</summary>
    public bool HasTaken(TimeSpan time) => Heartbeat.Now - _begin > time;

    /// <summary>Tells whether it has a reason to end by itself.</summary>
    public bool IsDue => token.IsCancellationRequested || Heartbeat.Now >= limit;

    public override string ToString() => $"{name}, begun {(Heartbeat.Now - _begin).TotalSeconds:F1} s ago";

    /// <summary>Tells whether it has had a reason to end for longer than it may.</summary>
    /// <param name="isDue">Whether it has one now, besides its own token and timeout.</param>
    /// <param name="patience">How long it may have one.</param>
    public bool IsStuck(bool isDue, TimeSpan patience)
    {
        var now = Heartbeat.Now;
        if (!isDue && !IsDue)
        {
            _dueSince = null;
            return false;
        }

        _dueSince ??= now;
        return now - _dueSince > patience;
    }
}
