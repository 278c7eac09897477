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
            ended.Wait();
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
            ended.Wait();
        }

        awaiter.GetResult();
    }

    private static ManualResetEventSlim Reset()
    {
        var ended = t_ended ??= new ManualResetEventSlim();
        ended.Reset();
        return ended;
    }
}
