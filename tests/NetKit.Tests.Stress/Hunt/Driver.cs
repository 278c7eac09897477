namespace NetKit.Tests.Stress;

/// <summary>A thread that opens, uses and ends links by chance, all those there are.</summary>
/// <param name="ground">Where the links are.</param>
/// <param name="random">What decides.</param>
/// <param name="isPatient">Whether to wait, again and again, until all that can end has: if a wake-up is lost, nobody makes up for it.</param>
internal sealed class Driver(Ground ground, Random random, bool isPatient) : Watched
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
            if (isPatient)
            {
                WaitForOthers(stop);
            }
            else if (acts % s_paces[Heartbeat.Now.Ticks / s_phase.Ticks % s_paces.Length] == 0)
            {
                Thread.Sleep(1);
            }
        }
    }

    private void WaitForOthers(CancellationToken stop)
    {
        if (random.Next(3) > 0)
        {
            while (ground.HasDue && !stop.IsCancellationRequested)
            {
                Thread.Yield();
            }
        }

        // So that the next act meets the loops at any point of their falling asleep.
        Thread.SpinWait(random.Next(300));
    }
}
