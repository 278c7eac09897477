namespace NetKit;

/// <summary>Runs the attempts of a dial when a <see cref="RacePlan"/> says so, until the dial is decided or no address is left (RFC 8305, "Happy Eyeballs").</summary>
/// <remarks>It owns the attempts: when it ends, every one of them has ended.</remarks>
internal sealed class AddressRace
{
    private readonly RacePlan _plan;
    private readonly DialDecision _decision;
    private readonly TimeProvider? _timeProvider;
    private readonly Func<int, Task<DialAttempt>> _attempt;
    private readonly Action<DialAttempt> _ended;
    private readonly List<Task<DialAttempt>> _running = [];
    private Task _alarm = Task.CompletedTask;
    private long _alarmAt = long.MinValue;

    /// <param name="plan">When each attempt starts.</param>
    /// <param name="decision">What the attempts are for. Once it is made, none starts any more.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="attempt">Starts the attempt at the address of that number. It ends soon after the decision, and never throws.</param>
    /// <param name="ended">Is told of each attempt that has ended, one at a time.</param>
    public AddressRace(
        RacePlan plan, DialDecision decision, TimeProvider? timeProvider, Func<int, Task<DialAttempt>> attempt, Action<DialAttempt> ended)
    {
        _plan = plan;
        _decision = decision;
        _timeProvider = timeProvider;
        _attempt = attempt;
        _ended = ended;
    }

    public async ValueTask RunAsync()
    {
        while (true)
        {
            while (!_decision.IsDecided && _plan.TryStart(MonotonicClock.Now(_timeProvider), out var address))
            {
                _running.Add(_attempt(address));
            }

            // Asked once: it may be decided at any moment.
            var isDecided = _decision.IsDecided;
            if (_running.Count == 0 && (isDecided || _plan.IsOver))
            {
                return;
            }

            await WaitAsync(isDecided ? long.MaxValue : _plan.NextStart).ConfigureAwait(false);
            await CollectAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits until an attempt has ended, or for the instant of the next start.</summary>
    private Task WaitAsync(long next)
    {
        if (next == long.MaxValue)
        {
            return _running.Count == 1 ? _running[0] : Task.WhenAny(_running);
        }

        return Task.WhenAny([.. _running, AlarmAt(next)]);
    }

    /// <summary>Ends at the instant, a little early perhaps, or when the dial is decided.</summary>
    private Task AlarmAt(long instant)
    {
        if (instant != _alarmAt || _alarm.IsCompleted)
        {
            // Whole milliseconds, rounded up: that is what timers have.
            var left = TimeSpan.FromTicks(Math.Max(0, instant - MonotonicClock.Now(_timeProvider)));
            var delay = TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
            (_alarm, _alarmAt) = (Task.Delay(delay, _timeProvider ?? TimeProvider.System, _decision.Stop), instant);
        }

        return _alarm;
    }

    private async ValueTask CollectAsync()
    {
        for (var index = _running.Count - 1; index >= 0; index--)
        {
            if (_running[index].IsCompleted)
            {
                _ended(await _running[index].ConfigureAwait(false));
                _running.RemoveAt(index);
                _plan.OnFailed(MonotonicClock.Now(_timeProvider));
            }
        }
    }
}
