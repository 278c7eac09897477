namespace NetKit.Tests.Stress;

/// <summary>Looks ten times a second whether what is watched goes on, and reports what stands still for more than a second.</summary>
internal sealed class StallWatch
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Watched?[] _watched;
    private readonly HashSet<Watched> _reported = [];

    public StallWatch(int places)
    {
        _watched = new Watched?[places];
        new Thread(Run) { IsBackground = true, Name = "stall watch" }.Start();
    }

    /// <summary>Watches this, in place of what was there before.</summary>
    public void Put(int place, Watched? watched) => Volatile.Write(ref _watched[place], watched);

    private void Run()
    {
        while (true)
        {
            Thread.Sleep(s_interval);
            for (var place = 0; place < _watched.Length; place++)
            {
                if (Volatile.Read(ref _watched[place]) is { } watched && watched.StuckAt(s_patience) is { } step && _reported.Add(watched))
                {
                    Findings.Report($"{watched} stands still: {step}");
                }
            }
        }
    }
}
