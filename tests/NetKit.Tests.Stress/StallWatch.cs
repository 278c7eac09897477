namespace NetKit.Tests.Stress;

/// <summary>Looks ten times a second whether what is watched goes on, and reports what stands still for more than a second.</summary>
internal sealed class StallWatch
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly IWatched?[] _watched;
    private readonly IWatched?[] _reported; // once is enough

    public StallWatch(int places)
    {
        _watched = new IWatched?[places];
        _reported = new IWatched?[places];
        new Thread(Run) { IsBackground = true, Name = "stall watch" }.Start();
    }

    /// <summary>Watches this, in place of what was there before.</summary>
    public void Put(int place, IWatched? watched) => Volatile.Write(ref _watched[place], watched);

    private void Run()
    {
        while (true)
        {
            Thread.Sleep(s_interval);
            for (var place = 0; place < _watched.Length; place++)
            {
                Look(Volatile.Read(ref _watched[place]), ref _reported[place]);
            }
        }
    }

    private static void Look(IWatched? watched, ref IWatched? reported)
    {
        if (watched != reported)
        {
            reported = null;
        }

        if (watched is not null && reported is null && watched.StuckAt(s_patience) is { } step)
        {
            reported = watched;
            Findings.Report(
                $"{watched} stands still: {step}; {ThreadPool.PendingWorkItemCount} work items wait for {ThreadPool.ThreadCount} threads of the pool");
        }
    }
}
