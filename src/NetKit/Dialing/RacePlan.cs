using System.Diagnostics;

namespace NetKit;

/// <summary>Decides when each attempt of a race starts (RFC 8305, section 5). Pure: instants in, decisions out; for one thread at a time.</summary>
/// <remarks>
/// The addresses are taken in order. The next one starts when the attempt delay has passed since the last start, or at once
/// when an attempt failed; never under <see cref="SmallestGap"/> after the last start, and never beyond the number of lanes.
/// </remarks>
internal sealed class RacePlan
{
    /// <summary>How many attempts are under way at the most.</summary>
    public const int MostLanes = 4;

    /// <summary>The shortest delay between two starts, whatever fails in between.</summary>
    public static readonly TimeSpan SmallestGap = TimeSpan.FromMilliseconds(10);

    private readonly int _addresses;
    private readonly int _lanes;
    private readonly long _delay;
    private int _next;
    private int _running;
    private long _lastStart;
    private long _due = long.MinValue;

    /// <param name="addresses">How many there are.</param>
    /// <param name="delay">The time between two starts when nothing fails.</param>
    /// <param name="lanes">How many attempts may be under way.</param>
    public RacePlan(int addresses, TimeSpan delay, int lanes = MostLanes)
    {
        Debug.Assert(addresses >= 0 && lanes > 0 && delay >= SmallestGap, "Checked where the options are.");
        _addresses = addresses;
        _lanes = lanes;
        _delay = delay.Ticks;
    }

    /// <summary>How many addresses have not been tried.</summary>
    public int Left => _addresses - _next;

    /// <summary>Tells whether there is nothing more to wait for: every address was tried and every attempt has ended.</summary>
    public bool IsOver => Left == 0 && _running == 0;

    /// <summary>The instant of the next start if nothing fails before; <see cref="long.MaxValue"/> when there is none, or no lane for it.</summary>
    public long NextStart => Left == 0 || _running == _lanes ? long.MaxValue : _due;

    /// <summary>Tells whether an attempt is to start now, and at which address. The caller starts it.</summary>
    public bool TryStart(long now, out int address)
    {
        address = _next;
        if (now < NextStart)
        {
            return false;
        }

        _next++;
        _running++;
        _lastStart = now;
        _due = now + _delay;
        return true;
    }

    /// <summary>Says that an attempt ended without success.</summary>
    public void OnFailed(long now)
    {
        Debug.Assert(_running > 0, "Only what was started ends.");
        _running--;
        _due = Math.Min(_due, Math.Max(now, _lastStart + SmallestGap.Ticks));
    }
}
