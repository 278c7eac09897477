namespace NetKit.Tests.Stress;

/// <summary>Does anything to thousands of connections from several threads, and looks for what gets stuck, lost or left behind.</summary>
internal sealed class Hunt
{
    private const long MostGrowth = 16 * 1024 * 1024;
    private const int MostHeld = 16; // by what a sleeping thread has on its stack

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_reportInterval = TimeSpan.FromSeconds(10);

    private readonly Ground _ground;
    private readonly StallWatch _watch;
    private readonly int _threads;
    private readonly int _seed;

    private Hunt(int connections, int threads, Doors doors, int seed)
    {
        _watch = new StallWatch(connections + threads);
        _ground = new Ground(connections, doors, _watch);
        _threads = threads;
        _seed = seed;
    }

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var time = arguments.Time("seconds", 600);
        var seed = arguments.Number("seed", Environment.ProcessId);
        Console.WriteLine($"seed {seed}");
        Heartbeat.Start();
        await using var doors = new Doors(seed);
        var hunt = new Hunt(arguments.Number("connections", 2_000), arguments.Number("threads", 8), doors, seed);
        await hunt.DriveAsync(TimeSpan.FromSeconds(Math.Min(time.TotalSeconds / 3, 10)), seed).ConfigureAwait(false);
        var sockets = ProcessState.Own.Sockets;
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        await hunt.DriveAsync(time, ~seed).ConfigureAwait(false);

        var socketsLeft = ProcessState.Own.Sockets - sockets;
        var growth = GC.GetTotalMemory(forceFullCollection: true) - memory;
        var held = hunt._ground.Held;
        if (socketsLeft != 0 || doors.Expected != 0 || growth > MostGrowth || held > MostHeld)
        {
            Findings.Report(
                $"{socketsLeft} sockets too many, {doors.Expected} clients never accepted, {growth:N0} B more in use, {held} closed connections held");
        }

        return Findings.Conclude(
            $"seed {seed}: {hunt._ground.Opened} links in {time.TotalSeconds:F0} s; {hunt._ground.Balance}; {sockets} sockets before, {sockets + socketsLeft} after; "
            + $"{growth:N0} B more in use, {held} closed connections held; longest pause of the machine {Heartbeat.Worst.TotalMilliseconds:F0} ms");
    }

    /// <summary>Hunts for a while, and waits until every link has come to a good end.</summary>
    private async Task DriveAsync(TimeSpan time, int seed)
    {
        using var stop = new CancellationTokenSource();
        var drivers = Enumerable.Range(0, _threads).Select(index => Drive(index, seed, stop.Token)).ToList();
        var start = Heartbeat.Now;
        var report = start;
        while (Heartbeat.Now - start < time)
        {
            await Task.Delay(20).ConfigureAwait(false);
            if (Heartbeat.Now - report > s_reportInterval)
            {
                report = Heartbeat.Now;
                Console.WriteLine($"{_ground.Opened} links; {_ground.Balance}; {Findings.Count} findings");
            }
        }

        await stop.CancelAsync().ConfigureAwait(false);
        drivers.ForEach(static driver => driver.Join());
        await SettleAsync().ConfigureAwait(false);
    }

    private Thread Drive(int index, int seed, CancellationToken stop)
    {
        var driver = new Driver(_ground, new Random(unchecked((seed * 1_000_003) + index)));
        _watch.Put(_ground.Places + index, driver);
        var thread = new Thread(() => driver.Run(stop)) { Name = "driver" };
        thread.Start();
        return thread;
    }

    private async Task SettleAsync()
    {
        _ground.EndAll(new Random(_seed));
        var start = Heartbeat.Now;
        while (_ground.Count > 0 && Heartbeat.Now - start < s_longest)
        {
            await Task.Delay(20).ConfigureAwait(false);
        }

        if (_ground.Count > 0)
        {
            Findings.Report($"{_ground.Count} links never end.");
        }
    }
}
