using System.Diagnostics;

namespace NetKit;

/// <summary>Tells what became of a circuit.</summary>
internal enum CircuitChange
{
    None,
    Opened,
    HalfOpened,
    Closed,
}

/// <summary>Lets a dial through, or says when the next one may try and why.</summary>
/// <param name="Turn">Stands for this dial when it reports back; 0 when it is not let through.</param>
/// <param name="Change">What this dial did to the circuit.</param>
/// <param name="RetryAfter">How long until a dial may probe the endpoint. Zero: until the probe that is out reports back.</param>
/// <param name="Cause">The failure that opened the circuit last.</param>
internal readonly record struct Admission(long Turn, CircuitChange Change, TimeSpan RetryAfter, ConnectionException? Cause)
{
    public bool IsGranted => Turn != 0;
}

/// <summary>Keeps dials away from one endpoint while it is down: closed, open until an instant, or half-open with one probe out.</summary>
/// <remarks>
/// <para>Made here, and not taken from a library of policies, for what those get wrong with dials: there every outcome is a
/// failure or a success, so that a dial its caller gave up closes a circuit that it probed, and dilutes the failures of one
/// that should open; and a probe that never ends keeps everyone out. Here a dial may report that it learnt nothing, and a
/// probe that takes longer than the break is followed by another.</para>
/// <para>Invariant: every change of state, and every probe, begins a new turn; and an outcome counts only if its dial began since
/// the last change of state. So what was under way when the circuit opened neither closes it nor keeps it open, and the first probe
/// to end decides: however long it took, or an endpoint slower than the break would never be let up, nor its breaks grow.</para>
/// </remarks>
internal sealed class Circuit(CircuitBreakerOptions options, Random random, TimeProvider? clock)
{
    private const double Jitter = 0.2;

    private readonly Lock _gate = new(); // guards all that follows, the random numbers too
    private readonly FailureWindow _window = new(options.SamplingDuration, MonotonicClock.Now(clock));
    private readonly Backoff _breaks = new(options.BreakDuration, 2, options.MaxBreakDuration);
    private State _state;
    private long _turn = 1; // the latest
    private long _since = 1; // the first turn in this state
    private long _nextProbe; // open: when the break ends; half-open: when the latest probe has had its time
    private TimeSpan _break;
    private int _failedProbes;
    private ConnectionException? _cause;

    private enum State : byte
    {
        Closed,
        Open,
        HalfOpen,
    }

    /// <summary>Asks whether a dial may begin; one that may must report back, by its turn, exactly once.</summary>
    public Admission Enter()
    {
        lock (_gate)
        {
            if (_state == State.Closed)
            {
                return new Admission(_turn, CircuitChange.None, TimeSpan.Zero, null);
            }

            var now = MonotonicClock.Now(clock);
            if (now < _nextProbe)
            {
                var wait = _state == State.Open ? TimeSpan.FromTicks(_nextProbe - now) : TimeSpan.Zero;
                return new Admission(0, CircuitChange.None, wait, _cause);
            }

            // A probe that has had its time is not waited for any longer, but may decide still.
            var change = _state == State.Open ? CircuitChange.HalfOpened : CircuitChange.None;
            if (change == CircuitChange.HalfOpened)
            {
                Begin(State.HalfOpen);
            }
            else
            {
                _turn++;
            }

            _nextProbe = now + _break.Ticks;
            return new Admission(_turn, change, TimeSpan.Zero, null);
        }
    }

    /// <summary>Tells whether a dial that begins after a wait could be let through, as things stand.</summary>
    public bool MayAdmitAfter(TimeSpan wait)
    {
        lock (_gate)
        {
            return _state != State.Open || MonotonicClock.Now(clock) + wait.Ticks >= _nextProbe;
        }
    }

    /// <summary>Reports that the endpoint was reached.</summary>
    public CircuitChange Succeeded(long turn)
    {
        lock (_gate)
        {
            if (turn < _since)
            {
                return CircuitChange.None;
            }

            if (_state == State.Closed)
            {
                _window.Add(MonotonicClock.Now(clock), failed: false);
                return CircuitChange.None;
            }

            Debug.Assert(_state == State.HalfOpen, "Nobody has the turn of an open circuit.");
            Begin(State.Closed);
            _window.Clear();
            (_failedProbes, _cause) = (0, null);
            return CircuitChange.Closed;
        }
    }

    /// <summary>Reports that the endpoint failed.</summary>
    public CircuitChange Failed(long turn, ConnectionException cause)
    {
        lock (_gate)
        {
            if (turn < _since)
            {
                return CircuitChange.None;
            }

            var now = MonotonicClock.Now(clock);
            if (_state == State.Closed)
            {
                _window.Add(now, failed: true);
                var (succeeded, failed) = _window.Count(now);
                var total = (long)succeeded + failed;
                if (total < options.MinimumThroughput || failed < options.FailureRatio * total)
                {
                    return CircuitChange.None;
                }
            }
            else
            {
                _failedProbes++;
            }

            _cause = cause;
            _break = _breaks.Ceiling(_failedProbes) * (1 - Jitter + (2 * Jitter * random.NextDouble()));
            Begin(State.Open);
            _nextProbe = now + _break.Ticks;
            return CircuitChange.Opened;
        }
    }

    /// <summary>Reports that the dial learnt nothing about the endpoint. If it was the probe, the next dial is.</summary>
    public void LearntNothing(long turn)
    {
        lock (_gate)
        {
            if (turn == _turn && _state == State.HalfOpen)
            {
                _nextProbe = MonotonicClock.Now(clock);
            }
        }
    }

    private void Begin(State state) => (_state, _since) = (state, ++_turn);
}
