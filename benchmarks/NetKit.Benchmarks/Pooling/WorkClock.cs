using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace NetKit.Benchmarks;

/// <summary>Stands for servers that take exactly so long to answer: timers are too coarse for a millisecond. One thread watches the clock, on a core of its own, as servers are elsewhere; what awaits goes on there, as on an event loop.</summary>
internal sealed class WorkClock : IDisposable
{
    private readonly long _ticks;

    // No lock: a thread that asks all the time would let nobody else have it.
    private readonly ConcurrentQueue<Work> _begun = new();
    private readonly Thread _thread;
    private volatile bool _isStopped;

    public WorkClock(TimeSpan length)
    {
        _ticks = (long)(length.TotalSeconds * Stopwatch.Frequency);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Begins one piece of work.</summary>
    public ValueTask Start(Work work)
    {
        work.Promise.Reset();
        var promise = new ValueTask(work, work.Promise.Version);
        work.DueAt = Stopwatch.GetTimestamp() + _ticks;
        _begun.Enqueue(work);
        return promise;
    }

    public void Dispose()
    {
        _isStopped = true;
        _thread.Join();
    }

    private void Run()
    {
        OwnCore.Take();

        // All take as long, so the first to begin is the first to end.
        var underWay = new Queue<Work>();
        while (!_isStopped)
        {
            while (_begun.TryDequeue(out var begun))
            {
                underWay.Enqueue(begun);
            }

            if (underWay.TryPeek(out var work) && work.DueAt <= Stopwatch.GetTimestamp())
            {
                underWay.Dequeue().Promise.SetResult(true);
            }
        }

        OwnCore.GiveBack();
    }

    /// <summary>A piece of work; used again and again by one caller.</summary>
    public sealed class Work : IValueTaskSource
    {
        public ManualResetValueTaskSourceCore<bool> Promise;

        public long DueAt { get; set; }

        void IValueTaskSource.GetResult(short token) => Promise.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => Promise.GetStatus(token);

        void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            Promise.OnCompleted(continuation, state, token, flags);
    }
}
