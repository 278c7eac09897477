namespace NetKit.Tests.Polling;

// Alone: all loops share the spare threads, and one of another test's would take the one that is to end.
[Collection(nameof(Alone))]
public sealed class InterruptedThreadTests
{
    public InterruptedThreadTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_thread_that_its_code_left_interrupted_serves_on_when_it_has_been_replaced()
    {
        var loop = PollLoopTests.Start();
        var left = new TaskCompletionSource<Thread>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Enqueue(new PollLoopTests.Work(_ =>
        {
            while (LoopThread.Leads(loop, out var _))
            {
            }

            Thread.CurrentThread.Interrupt();
            left.SetResult(Thread.CurrentThread);
        }));

        // It waits as a spare, and does not end by an exception, which would end the process. It need not end: another loop may be given it.
        var thread = await left.Task.Within();
        await Eventually.True(() => !thread.IsAlive || thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the thread waits as a spare");
    }
}
