namespace NetKit;

/// <summary>Replaces the leader of a loop that has been in user code for too long, so that nobody waits for a handler that blocks.</summary>
/// <remarks>
/// It looks at every loop once a millisecond while any of them works, and sleeps when none does. A cursor that stands
/// still from one look to the next belongs to a leader that does not come back. After a find it looks more often for a
/// while, because handlers that block come in groups; and when it has found nothing for long it looks more rarely, because
/// each look takes a core from a loop for a moment.
/// </remarks>
internal static unsafe class LoopMonitor
{
    private const int UsualPause = 1_000_000; // nanoseconds
    private const int ShortPause = 200_000;
    private const int LongPause = 8_000_000; // two of them, until a leader is found, are still under 20 ms
    private const int ShortPausesAfterAFind = 50;
    private const int LooksUntilCalm = 2_000;
    private const int QuietLooksBeforeSleep = 10;

    private static readonly object s_gate = new(); // guards s_loops being written, and the wait of the monitor
    private static PollLoop[] s_loops = [];
    private static int s_asleep;

    /// <summary>Watches one loop more, which begins to work soon.</summary>
    public static void Watch(PollLoop loop)
    {
        lock (s_gate)
        {
            if (s_loops.Length == 0)
            {
                // First, since it may fail.
                new Thread(Run) { IsBackground = true, Name = "NetKit monitor" }.UnsafeStart();
            }

            Volatile.Write(ref s_loops, [.. s_loops, loop]);
        }
    }

    /// <summary>Is called by a loop when it begins to work.</summary>
    public static void EnsureAwake()
    {
        if (Volatile.Read(ref s_asleep) != 0 && Interlocked.Exchange(ref s_asleep, 0) != 0)
        {
            lock (s_gate)
            {
                Monitor.Pulse(s_gate);
            }
        }
    }

    private static void Run()
    {
        var seen = new Dictionary<PollLoop, long>();
        var quietLooks = 0;
        var sinceFind = ShortPausesAfterAFind;
        while (true)
        {
            Pause(sinceFind < ShortPausesAfterAFind ? ShortPause : sinceFind < LooksUntilCalm ? UsualPause : LongPause);
            var (moved, replaced) = Look(seen);
            sinceFind = replaced ? 0 : Math.Min(sinceFind + 1, LooksUntilCalm);
            quietLooks = moved ? 0 : quietLooks + 1;
            if (quietLooks >= QuietLooksBeforeSleep)
            {
                SleepUntilNeeded();
                quietLooks = 0;
            }
        }
    }

    /// <summary>Looks at each loop: has one moved or been at work, and was one of them given a new leader?</summary>
    private static (bool Moved, bool Replaced) Look(Dictionary<PollLoop, long> seen)
    {
        var moved = false;
        var replaced = false;
        foreach (var loop in Volatile.Read(ref s_loops))
        {
            var cursor = loop.Cursor;
            if (!seen.TryGetValue(loop, out var before) || cursor != before)
            {
                seen[loop] = cursor;
                moved = true;
            }
            else if (!LoopCursor.IsPolling(cursor))
            {
                moved = true;
                replaced |= TryReplace(loop, cursor);
            }
        }

        return (moved, replaced);
    }

    private static bool TryReplace(PollLoop loop, long cursor)
    {
        LoopThread next;
        try
        {
            next = LoopThread.Take();
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // The system has no thread left to give. We look again, and the old leader may come back.
            return false;
        }

        if (loop.TryReplaceLeader(cursor, next))
        {
            return true;
        }

        next.GiveBack();
        return false;
    }

    private static void SleepUntilNeeded()
    {
        // A full fence: we see that a loop works, or it sees that we sleep.
        Interlocked.Exchange(ref s_asleep, 1);
        foreach (var loop in Volatile.Read(ref s_loops))
        {
            if (!LoopCursor.IsPolling(loop.Cursor))
            {
                Volatile.Write(ref s_asleep, 0);
                return;
            }
        }

        lock (s_gate)
        {
            while (Volatile.Read(ref s_asleep) != 0)
            {
                Monitor.Wait(s_gate);
            }
        }
    }

    private static void Pause(int nanoseconds)
    {
        var time = new Libc.TimeSpec { Nanoseconds = nanoseconds };
        _ = Libc.Sleep(&time, null);
    }
}
