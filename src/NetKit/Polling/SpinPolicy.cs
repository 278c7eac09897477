using System.Diagnostics;

namespace NetKit;

/// <summary>Decides when looking again and again for a moment beats going to sleep.</summary>
/// <remarks>
/// Waking a halted core costs tens of microseconds. That is most of a round trip while one connection alone goes back and
/// forth, so then a loop looks for the answer for a while first. With more connections, or slower ones, or one core, it
/// sleeps at once: there the time would be taken from somebody. Each look in vain makes the next rarer.
/// </remarks>
internal struct SpinPolicy
{
    private const int RoundsBeforeSpinning = 8;
    private const int MostRoundsOff = 1024;

    private static readonly bool s_hasCores = Environment.ProcessorCount > 1;
    private static readonly long s_longest = Stopwatch.Frequency / 10_000; // 100 microseconds

    private ulong _lastKey;
    private int _rounds; // in a row that brought one event, of one and the same descriptor
    private int _roundsOff;

    /// <summary>Tells whether to spin before this sleep.</summary>
    public readonly bool ShouldSpin => s_hasCores && _rounds >= RoundsBeforeSpinning;

    /// <summary>When a spin that begins now has lasted long enough.</summary>
    public static long EndOfSpin => Stopwatch.GetTimestamp() + s_longest;

    /// <summary>Learns from a wait that brought events.</summary>
    public void OnEvents(int count, ulong key)
    {
        _rounds = count == 1 && key == _lastKey ? Math.Min(_rounds + 1, RoundsBeforeSpinning) : Math.Min(_rounds, 0);
        _lastKey = key;
    }

    /// <summary>Learns from a spin.</summary>
    public void OnSpun(bool found)
    {
        if (found)
        {
            _roundsOff = 0;
            return;
        }

        _roundsOff = Math.Min((_roundsOff * 2) + RoundsBeforeSpinning, MostRoundsOff);
        _rounds = -_roundsOff;
    }
}
