namespace NetKit.Tests.Stress;

/// <summary>A thread that opens, uses and ends links by chance, all those there are.</summary>
internal sealed class Driver(Ground ground, Random random) : Watched
{
    private const int ActsPerLink = 100;

    private static readonly TimeSpan s_phase = TimeSpan.FromSeconds(1);

    // How many acts between two pauses: the loops are busy, or have time to fall asleep.
    private static readonly int[] s_paces = [64, 16, 1];

    private readonly string _name = $"driver {random.Next(1000)}";

    public override string ToString() => _name;

    public void Run(CancellationToken stop)
    {
        for (var acts = 0; !stop.IsCancellationRequested; acts++)
        {
            var place = random.Next(ground.Places);
            if (ground.At(place) is not { } link)
            {
                Step("open");
                ground.Open(place, random);
            }
            else if (random.Next(ActsPerLink) == 0)
            {
                Step("end");
                ground.End(place, link, (Fate)random.Next(3), random);
            }
            else
            {
                Step("act");
                link.Act(random);
            }

            Step(null);
            var pace = s_paces[Heartbeat.Now.Ticks / s_phase.Ticks % s_paces.Length];
            if (acts % pace == 0)
            {
                Thread.Sleep(1);
            }
        }
    }
}
