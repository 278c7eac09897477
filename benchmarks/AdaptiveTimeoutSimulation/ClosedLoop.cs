namespace NetKit.Simulation;

/// <summary>
/// Clients that wait for their answer, think, and ask again, at a server of some workers with one queue. A worker does what
/// is asked even when nobody waits for it any more: so a timeout that is too short, with retries, can keep the server busy
/// with work that is thrown away, for good, after a slow moment that is long over.
/// </summary>
internal sealed class ClosedLoop
{
    public const double Length = 240;
    public const double SlowFrom = 60;
    public const double SlowUntil = 70;
    private const int Clients = 1000;
    private const int Workers = 8;
    private const double Thinking = 2;
    private const double Working = 0.01; // 800 a second at most, of which 500 are asked for
    private const double SlowBy = 10;
    private const int Attempts = 4;

    private readonly SimulatedTime _time = new();
    private readonly TimeoutPolicy _policy;
    private readonly RetryBudget? _budget;
    private readonly PriorityQueue<Event, (double When, long Order)> _events = new();
    private readonly Queue<Attempt> _queue = new();
    private readonly ClosedLoopResult _result = new();
    private Randomness _random;
    private int _busy;
    private long _order;

    private ClosedLoop(string policy, bool hasBudget, long seed)
    {
        _policy = TimeoutPolicy.Make(policy, null, _time);
        _budget = hasBudget ? new RetryBudget() : null;
        _random = new Randomness(seed, -2);
    }

    private enum Step
    {
        Ask,
        Served,
        RanOut,
    }

    private readonly record struct Event(Step Step, Attempt Attempt);

    /// <summary>One try of a request; over when it was answered or nobody waits any more.</summary>
    private sealed record Attempt(double Asked, int Number, double Began, double Limit)
    {
        public bool IsOver { get; set; }
    }

    public static ClosedLoopResult Run(string policy, bool hasBudget, long seed) => new ClosedLoop(policy, hasBudget, seed).Run();

    private ClosedLoopResult Run()
    {
        for (var client = 0; client < Clients; client++)
        {
            Think(0);
        }

        while (_events.TryDequeue(out var next, out var at) && at.When < Length)
        {
            _time.Now = at.When;
            Take(next, at.When);
        }

        return _result;
    }

    private void Take(Event next, double now)
    {
        switch (next.Step)
        {
            case Step.Ask:
                _budget?.Deposit(now);
                _result.Requests++;
                Try(now, now, 0);
                break;
            case Step.Served:
                _busy--;
                Answer(next.Attempt, now);
                Serve(now);
                break;
            default:
                RunOut(next.Attempt, now);
                break;
        }
    }

    private void Try(double asked, double now, int number)
    {
        var attempt = new Attempt(asked, number, now, _policy.Timeout(now, number));
        _result.Attempts++;
        _events.Enqueue(new Event(Step.RanOut, attempt), (now + attempt.Limit, _order++));
        _queue.Enqueue(attempt);
        Serve(now);
    }

    private void Serve(double now)
    {
        while (_busy < Workers && _queue.TryDequeue(out var attempt))
        {
            _busy++;
            var slow = now is >= SlowFrom and < SlowUntil ? SlowBy : 1;
            _events.Enqueue(new Event(Step.Served, attempt), (now + (slow * _random.Exponential(Working)), _order++));
        }
    }

    private void Answer(Attempt attempt, double now)
    {
        if (!attempt.IsOver)
        {
            attempt.IsOver = true;
            _policy.Record(now, now - attempt.Began);
            _result.Answered(now, now - attempt.Asked);
            Think(now);
        }
    }

    private void RunOut(Attempt attempt, double now)
    {
        if (attempt.IsOver)
        {
            return;
        }

        attempt.IsOver = true;
        _policy.RecordTimeout(now, attempt.Limit);
        if (attempt.Number + 1 < Attempts && (_budget is null || _budget.TrySpend(now)))
        {
            Try(attempt.Asked, now, attempt.Number + 1);
        }
        else
        {
            Think(now);
        }
    }

    private void Think(double now) => _events.Enqueue(new Event(Step.Ask, null!), (now + _random.Exponential(Thinking), _order++));
}
