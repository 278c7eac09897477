namespace NetKit.Simulation;

/// <summary>Requests that come whether or not earlier ones have ended; each tries up to three times.</summary>
internal sealed class OpenLoop
{
    public const int Attempts = 3;
    private const double Sampling = 0.1;

    private readonly LatencyModel _model;
    private readonly OpenLoopSetting _setting;
    private readonly long _seed;
    private readonly SimulatedTime _time = new();
    private readonly TimeoutPolicy _policy;
    private readonly PriorityQueue<Attempt, (double When, long Order)> _events = new();
    private readonly OpenLoopResult _result;
    private long _order;

    private OpenLoop(LatencyModel model, string policy, OpenLoopSetting setting, long seed)
    {
        (_model, _setting, _seed) = (model, setting, seed);
        _policy = TimeoutPolicy.Make(policy, model, _time);
        _result = new OpenLoopResult(setting.Length);
    }

    private enum Step
    {
        Begin,
        Completed,
        RanOut,
        Sample,
    }

    private readonly record struct Attempt(Step Step, long Request, int Number, double RequestBegan, double Began, double Limit);

    public static OpenLoopResult Run(LatencyModel model, string policy, OpenLoopSetting setting, long seed) =>
        new OpenLoop(model, policy, setting, seed).Run();

    private OpenLoopResult Run()
    {
        var arrivals = new Randomness(_seed, -1);
        var arrival = 0.0;
        for (long request = 0; (arrival += arrivals.Exponential(1 / _setting.Rate)) < _setting.Length; request++)
        {
            Add(arrival, new Attempt(Step.Begin, request, 0, arrival, arrival, 0));
            _result.Requests++;
        }

        for (var sample = 0.0; sample < _setting.Length; sample += Sampling)
        {
            Add(sample, new Attempt(Step.Sample, 0, 0, 0, 0, 0));
        }

        while (_events.TryDequeue(out var attempt, out var at))
        {
            _time.Now = at.When;
            Take(attempt, at.When);
        }

        return _result;
    }

    private void Take(Attempt attempt, double now)
    {
        switch (attempt.Step)
        {
            case Step.Begin:
                Begin(attempt with { Began = now }, now);
                break;
            case Step.Completed:
                _policy.Record(now, now - attempt.Began);
                _result.Latencies.Add(now - attempt.RequestBegan);
                break;
            case Step.RanOut:
                _policy.RecordTimeout(now, attempt.Limit);
                if (attempt.Number + 1 < Attempts)
                {
                    Add(now, attempt with { Step = Step.Begin, Number = attempt.Number + 1 });
                }

                break;
            default:
                _result.Timeouts.Add(_policy.Timeout(now));
                break;
        }
    }

    private void Begin(Attempt attempt, double now)
    {
        // Drawn from the request and the attempt alone, so that every policy meets the same fate.
        var random = new Randomness(_seed, (attempt.Request * Attempts) + attempt.Number);
        var isLost = random.Uniform() < _setting.Loss || _setting.IsHole(now);
        var latency = _model.Sample(ref random, now);
        var limit = _policy.Timeout(now, attempt.Number);
        var completes = !isLost && latency <= limit;
        _result.Attempts++;
        _result.Started.Add((now, limit));
        if (!isLost)
        {
            _result.Answered++;
            _result.FalseTimeouts += completes ? 0 : 1;
        }

        Add(now + (completes ? latency : limit), attempt with { Step = completes ? Step.Completed : Step.RanOut, Limit = limit });
    }

    private void Add(double when, Attempt attempt) => _events.Enqueue(attempt, (when, _order++));
}
