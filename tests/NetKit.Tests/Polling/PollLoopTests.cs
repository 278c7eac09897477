namespace NetKit.Tests.Polling;

/// <summary>What a loop owes each of those it serves, whatever the others do.</summary>
public sealed class PollLoopTests
{
    public PollLoopTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Work_that_always_brings_more_work_lets_the_loop_look_for_events_each_time()
    {
        const int Runs = 1_000;
        var loop = Start();
        var batches = new HashSet<int>();
        var left = Runs;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Enqueue(new Work(again =>
        {
            batches.Add(LoopCursor.BatchOf(loop.Cursor));
            if (--left > 0)
            {
                loop.Enqueue(again);
            }
            else
            {
                ended.SetResult();
            }
        }));
        await ended.Task.Within();

        // Nearly: a leader that lost its core is replaced, and the next one goes on with the batch and what it brought.
        Assert.InRange(batches.Count, Runs / 2, Runs);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_loop_goes_on_however_many_leaders_are_replaced_before_it_polls_again()
    {
        // As much as a batch may take between two leaders that block; then each blocks, beyond the last step there is.
        const int Quick = 1_000;
        const int Rounds = 4;
        const int Blocking = 150;
        using var release = new ManualResetEventSlim();
        using var queued = new ManualResetEventSlim();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ran = 0;
        var loop = Start();
        loop.Enqueue(new Work(_ => queued.Wait()));
        for (var round = 0; round < Rounds; round++)
        {
            Enqueue(Quick, () => { });
            Enqueue(1, release.Wait);
        }

        Enqueue(Blocking, release.Wait);
        Enqueue(1, ended.SetResult);
        queued.Set();
        try
        {
            await ended.Task.Within();
            Assert.Equal((Quick * Rounds) + Rounds + Blocking + 1, ran);
        }
        finally
        {
            release.Set();
        }

        void Enqueue(int count, Action action)
        {
            for (; count > 0; count--)
            {
                loop.Enqueue(new Work(_ =>
                {
                    Interlocked.Increment(ref ran);
                    action();
                }));
            }
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_monitor_gives_no_leader_to_a_loop_whose_first_one_is_on_its_way()
    {
        // Two leaders would share one batch: a thread may take longer to start than the monitor to look twice.
        var starting = new PollLoop();
        LoopMonitor.Watch(starting);
        var before = starting.Cursor;

        // The monitor has looked at all of them, again and again, when it has replaced the leader of one.
        var other = Start();
        for (var round = 0; round < 3; round++)
        {
            var replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            other.Enqueue(new Work(_ =>
            {
                while (LoopThread.Leads(other, out var _))
                {
                }

                replaced.SetResult();
            }));
            await replaced.Task.Within();
        }

        Assert.Equal(before, starting.Cursor);
    }

    internal static PollLoop Start()
    {
        var loop = new PollLoop();
        loop.Start();
        return loop;
    }

    internal sealed class Work(Action<Work> action) : IThreadPoolWorkItem
    {
        public void Execute() => action(this);
    }
}
