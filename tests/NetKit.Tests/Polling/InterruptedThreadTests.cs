using System.Reflection;

namespace NetKit.Tests.Polling;

// Alone: all loops share the spare threads, and one of another test's would take the one that is to end.
[Collection(nameof(Alone))]
public sealed class InterruptedThreadTests
{
    private static readonly FieldInfo s_current = typeof(LoopThread).GetField("t_current", BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly FieldInfo s_loop = typeof(LoopThread).GetField("_loop", BindingFlags.NonPublic | BindingFlags.Instance)!;

    public InterruptedThreadTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_thread_that_its_code_left_interrupted_serves_on_when_it_has_been_replaced()
    {
        var loop = PollLoopTests.Start();
        var left = new TaskCompletionSource<(Thread Thread, object State)>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Enqueue(new PollLoopTests.Work(_ =>
        {
            while (LoopThread.Leads(loop, out var _))
            {
            }

            Thread.CurrentThread.Interrupt();
            left.SetResult((Thread.CurrentThread, s_current.GetValue(null)!));
        }));

        // It ends, as a spare that nobody needs, and not by an exception, which would end the process; unless another loop is given it.
        var (thread, state) = await left.Task.Within();
        await Eventually.True(() => !thread.IsAlive || (s_loop.GetValue(state) is { } led && led != loop), "the spare thread ends");
    }
}
