namespace NetKit;

/// <summary>Blocks a thread until an operation ends: the price of Stream's synchronous members, paid here and nowhere else.</summary>
internal static class BlockingWait
{
    // One a thread: a blocked thread waits for one operation at a time.
    [ThreadStatic]
    private static ManualResetEventSlim? t_ended;

    public static T For<T>(ValueTask<T> operation)
    {
        var awaiter = operation.ConfigureAwait(false).GetAwaiter();
        if (!awaiter.IsCompleted)
        {
            var ended = Reset();
            awaiter.UnsafeOnCompleted(ended.Set);
            Wait(ended);
        }

        return awaiter.GetResult();
    }

    public static void For(ValueTask operation)
    {
        var awaiter = operation.ConfigureAwait(false).GetAwaiter();
        if (!awaiter.IsCompleted)
        {
            var ended = Reset();
            awaiter.UnsafeOnCompleted(ended.Set);
            Wait(ended);
        }

        awaiter.GetResult();
    }

    private static ManualResetEventSlim Reset()
    {
        var ended = t_ended ??= new ManualResetEventSlim();
        ended.Reset();
        return ended;
    }

    private static void Wait(ManualResetEventSlim ended)
    {
        var interrupted = false;
        while (!ended.IsSet)
        {
            try
            {
                ended.Wait();
            }
            catch (ThreadInterruptedException)
            {
                // The operation still has the caller's buffer. The interruption is kept for the caller's next wait.
                interrupted = true;
            }
        }

        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }
}
