using System.Collections.Concurrent;

namespace NetKit.Tests.Schedules;

/// <summary>Keeps threads from one schedule to the next: there are a hundred thousand schedules.</summary>
internal sealed class BodyThread
{
    private static readonly ConcurrentBag<BodyThread> s_idle = [];

    private readonly SemaphoreSlim _start = new(0);
    private Schedule.Body? _body;

    private BodyThread() => new Thread(Loop) { IsBackground = true }.Start();

    public static void Start(Schedule.Body body)
    {
        var thread = s_idle.TryTake(out var idle) ? idle : new BodyThread();
        thread._body = body;
        thread._start.Release();
    }

    private void Loop()
    {
        while (true)
        {
            _start.Wait();
            _body!.Run();
            _body = null;
            s_idle.Add(this);
        }
    }
}
