using System.Globalization;
using NetKit.Tests.Stress;

namespace NetKit.Tests.Chaos;

/// <summary>Brings the chaos: kills the server, freezes it, cuts its connections, and each time it is back asks when the first call succeeds.</summary>
internal sealed class Schedule(Victim victim, Tally tally, Random random)
{
    private static readonly TimeSpan s_recovery = TimeSpan.FromSeconds(2);

    public int Kills { get; private set; }

    public int Freezes { get; private set; }

    public int Cuts { get; private set; }

    /// <summary>How long the server was away, all kills together, each until the first call succeeded again.</summary>
    public TimeSpan Down { get; private set; }

    public TimeSpan LongestRecovery { get; private set; }

    public async Task RunAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        var end = Deadline.After(length);
        while (!end.HasPassed)
        {
            await PauseAsync(200, 1_500, cancellationToken);
            switch (random.Next(10))
            {
                case < 3:
                    await KillAsync(cancellationToken);
                    break;
                case < 6:
                    await FreezeAsync(cancellationToken);
                    break;
                default:
                    var count = random.Next(1, 9);
                    Cuts += count;
                    await victim.CutAsync(count, random);
                    break;
            }
        }
    }

    private async Task KillAsync(CancellationToken cancellationToken)
    {
        Kills++;
        var began = Heartbeat.Now;
        await victim.Process.KillAsync();
        await PauseAsync(50, 2_500, cancellationToken);
        await victim.Process.StartAsync(cancellationToken);
        await RecoverAsync("restart", cancellationToken);
        Down += Heartbeat.Now - began;
    }

    private async Task FreezeAsync(CancellationToken cancellationToken)
    {
        Freezes++;
        victim.Process.Freeze();
        await PauseAsync(50, 2_500, cancellationToken);
        victim.Process.Thaw();
        await RecoverAsync("thaw", cancellationToken);
    }

    /// <summary>Waits for the first call to succeed.</summary>
    private async Task RecoverAsync(string what, CancellationToken cancellationToken)
    {
        var (began, successes) = (Heartbeat.Now, tally.Successes);
        while (tally.Successes == successes)
        {
            if (Heartbeat.Now - began > 5 * s_recovery)
            {
                throw new InvalidOperationException($"No call succeeded within {5 * s_recovery} of a {what}.");
            }

            await Task.Delay(1, cancellationToken);
        }

        var recovery = Heartbeat.Now - began;
        LongestRecovery = recovery > LongestRecovery ? recovery : LongestRecovery;
        if (recovery > s_recovery)
        {
            tally.Find(string.Create(CultureInfo.InvariantCulture, $"the first call after a {what} succeeded only {recovery.TotalSeconds:0.000} s later"));
        }
    }

    private Task PauseAsync(int least, int most, CancellationToken cancellationToken) =>
        Task.Delay(random.Next(least, most), cancellationToken);
}
