using System.Diagnostics;
using NetKit.Samples;

namespace NetKit.Benchmarks;

/// <summary>What one subscriber does with an item: it counts; one that is timed also measures how late it is.</summary>
internal sealed class BroadcastListener(BroadcastListener.Burst burst, bool isTimed)
{
    private int _heard;

    /// <summary>How late items were; of a timed one.</summary>
    public LatencyHistogram? Late { get; private set; } = isTimed ? new LatencyHistogram() : null;

    /// <summary>All items so far.</summary>
    public long Total { get; private set; }

    public void Hear(long due)
    {
        Total++;
        Late?.Record(Stopwatch.GetElapsedTime(due));
        if (++_heard == burst.Length)
        {
            _heard = 0;
            burst.OneIsDone();
        }
    }

    public void ForgetLateness() => Late = Late is null ? null : new LatencyHistogram();

    /// <summary>So many items that all subscribers are to have, before the next are published.</summary>
    public sealed class Burst(int subscribers, int length)
    {
        private int _left;
        private TaskCompletionSource _done = new();

        public int Length => length;

        public Task Begin()
        {
            _left = subscribers;
            _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _done.Task;
        }

        public void OneIsDone()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _done.SetResult();
            }
        }
    }
}
