namespace NetKit.Tests.Schedules;

/// <summary>Runs threads one at a time, and lets chance say at every point which one goes on: the same seed, the same schedule.</summary>
/// <remarks>
/// A thread gives way at <see cref="Point"/> and where it waits for a condition. When all wait and no condition holds, nothing will ever
/// happen again: a wake-up was lost.
/// </remarks>
internal sealed class Schedule
{
    [ThreadStatic]
    private static Body? t_body;

    private readonly Random _random;
    private readonly List<Body> _bodies = [];
    private readonly Queue<IThreadPoolWorkItem> _work = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private Exception? _failure;

    private Schedule(int seed) => _random = new Random(seed);

    /// <summary>Is asked when all wait: lets time pass, if something is due soon that is worth waiting for.</summary>
    public Func<bool> LetTimePass { get; set; } = static () => false;

    /// <summary>Is asked at every point: names what must never be, or null.</summary>
    public Func<string?> Violation { get; set; } = static () => null;

    /// <summary>Runs the bodies, and the work that they queue, to their ends.</summary>
    /// <exception cref="ScheduleViolationException">A body failed, or all waited for each other.</exception>
    public static void Run(int seed, Func<Schedule, Action[]> prepare, Action? check = null)
    {
        var schedule = new Schedule(seed);
        var actions = prepare(schedule);
        schedule._running = actions.Length;
        Body[] workers = [.. actions.Select(action => new Body(schedule, action)), new Body(schedule, schedule.Pump), new Body(schedule, schedule.Pump)];
        schedule._bodies.AddRange(workers);
        foreach (var body in workers)
        {
            BodyThread.Start(body);
        }

        schedule.Next(leaving: null);
        if (!schedule._ended.Task.Wait(TimeSpan.FromSeconds(60)))
        {
            throw new ScheduleViolationException($"seed {seed}: the schedule hangs outside of its points");
        }

        try
        {
            if (schedule._failure is { } failure)
            {
                throw failure;
            }

            check?.Invoke();
        }
        catch (Exception exception)
        {
            throw new ScheduleViolationException($"seed {seed}: {exception.Message}", exception);
        }
    }

    /// <summary>Another thread may go on here.</summary>
    public static void Point()
    {
        if (t_body is { } body)
        {
            body.Schedule.Yield(body, condition: null);
        }
    }

    /// <summary>Lets the others go on until the condition holds.</summary>
    public static void Until(Func<bool> condition)
    {
        var body = t_body ?? throw new InvalidOperationException("Only a body of a schedule waits.");
        body.Schedule.Yield(body, condition);
    }

    /// <summary>Ends the schedule as one that went wrong, whatever becomes of the exceptions of its bodies.</summary>
    public static void Fail(string message) => t_body!.Schedule._failure ??= new ScheduleViolationException(message);

    /// <summary>Takes work that is to be done by somebody else.</summary>
    public void Execute(IThreadPoolWorkItem work) => _work.Enqueue(work);

    private void Pump()
    {
        while (true)
        {
            Until(() => _work.Count > 0 || _running == 0);
            if (!_work.TryDequeue(out var work))
            {
                return;
            }

            work.Execute();
        }
    }

    private void Yield(Body body, Func<bool>? condition)
    {
        if (Violation() is { } violation)
        {
            Fail(violation);
        }

        // Half of the points change nothing: so short and long stretches are both tried.
        if (condition is null && _random.Next(2) == 0)
        {
            return;
        }

        body.Condition = condition;
        if (Next(leaving: null) != body)
        {
            body.Turn.Wait();
        }

        body.Condition = null;
        if (_failure is not null && !body.IsOver)
        {
            throw new ScheduleViolationException("the schedule has failed elsewhere");
        }
    }

    private void OnOver(Body body, Exception? failure)
    {
        _failure ??= failure;
        body.IsOver = true;
        if (!body.IsPump)
        {
            _running--;
        }

        Next(leaving: body);
    }

    /// <summary>Hands the turn to one of those that can go on.</summary>
    private Body? Next(Body? leaving)
    {
        // A condition is looked at in one piece.
        var current = t_body;
        t_body = null;
        Body[] ready;
        do
        {
            ready = [.. _bodies.Where(body => !body.IsOver && (_failure is not null || body.Condition is null || body.Condition()))];
        }
        while (ready.Length == 0 && _bodies.Exists(static body => !body.IsOver) && LetTimePass());
        t_body = current;
        if (ready.Length == 0)
        {
            if (_bodies.Exists(static body => !body.IsOver))
            {
                _failure ??= new ScheduleViolationException("all wait, and nothing will wake any of them");
                return Next(leaving);
            }

            _ended.TrySetResult();
            return null;
        }

        var next = ready[_random.Next(ready.Length)];
        if (next != t_body || leaving is not null)
        {
            next.Turn.Release();
        }

        return next;
    }

    internal sealed class Body(Schedule schedule, Action action)
    {
        public Schedule Schedule => schedule;

        public SemaphoreSlim Turn { get; } = new(0);

        public Func<bool>? Condition { get; set; }

        public bool IsOver { get; set; }

        public bool IsPump => action.Target == schedule;

        public void Run()
        {
            Turn.Wait();
            t_body = this;
            Exception? failure = null;
            try
            {
                if (schedule._failure is null)
                {
                    action();
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            t_body = null;
            schedule.OnOver(this, failure);
        }
    }
}
