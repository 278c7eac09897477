namespace NetKit.Tests.Stress;

/// <summary>Does anything to thousands of connections from several threads, and looks for what gets stuck, lost or left behind.</summary>
internal sealed class Hunt
{
    private const long MostGrowth = 16 * 1024 * 1024;
    private const int MostHeld = 16; // by what a sleeping thread has on its stack
    private const int Few = 3;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_reportInterval = TimeSpan.FromSeconds(10);

    private readonly StallWatch _watch;
    private readonly Ground _crowd;
    private readonly Ground _few;
    private readonly int _threads;
    private readonly int _seed;

    private Hunt(int connections, int threads, Doors doors, int seed)
    {
        _watch = new StallWatch(connections + Few + threads);
        _crowd = new Ground(connections, doors, _watch, watchPlace: 0);
        _few = new Ground(Few, doors, _watch, watchPlace: connections);
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
        await hunt.DriveAsync(hunt._crowd, time / 10).ConfigureAwait(false);
        var sockets = ProcessState.Own.Sockets;
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        await hunt.DriveAsync(hunt._few, time / 10).ConfigureAwait(false);
        await hunt.DriveAsync(hunt._crowd, time).ConfigureAwait(false);

        var socketsLeft = ProcessState.Own.Sockets - sockets;
        var growth = GC.GetTotalMemory(forceFullCollection: true) - memory;
        var held = hunt._crowd.Held + hunt._few.Held;
        if (socketsLeft != 0 || doors.Expected != 0 || growth > MostGrowth || held > MostHeld)
        {
            Findings.Report($"{socketsLeft} sockets too many, {doors.Expected} clients never accepted, {growth:N0} B more in use, {held} closed connections held");
        }

        return Findings.Conclude(
            $"seed {seed}: few: {hunt._few}; crowd: {hunt._crowd}; {sockets} sockets before, {sockets + socketsLeft} after; {growth:N0} B more in use, "
            + $"{held} closed connections held; longest pause of the machine {Heartbeat.Worst.TotalMilliseconds:F0} ms");
    }

    /// <summary>Hunts for a while, and waits until every link has come to a good end.</summary>
    private async Task DriveAsync(Ground ground, TimeSpan time)
    {
        using var stop = new CancellationTokenSource();
        var drivers = Enumerable.Range(0, ground == _few ? 1 : _threads).Select(index => Drive(ground, index, stop.Token)).ToList();
        var start = Heartbeat.Now;
        var report = start;
        while (Heartbeat.Now - start < time)
        {
            await Task.Delay(20).ConfigureAwait(false);
            if (Heartbeat.Now - report > s_reportInterval)
            {
                report = Heartbeat.Now;
                Console.WriteLine($"{ground}; {Findings.Count} findings");
            }
        }

        await stop.CancelAsync().ConfigureAwait(false);
        drivers.ForEach(static driver => driver.Join());
        await SettleAsync(ground).ConfigureAwait(false);
    }

    private Thread Drive(Ground ground, int index, CancellationToken stop)
    {
        var driver = new Driver(ground, new Random(unchecked((_seed * 1_000_003) + (int)ground.Opened + index)), isPatient: ground == _few);
        _watch.Put(_crowd.Places + Few + index, driver);
        var thread = new Thread(() => driver.Run(stop)) { Name = "driver" };
        thread.Start();
        return thread;
    }

    private async Task SettleAsync(Ground ground)
    {
        ground.EndAll(new Random(_seed));
        var start = Heartbeat.Now;
        while (ground.Count > 0 && Heartbeat.Now - start < s_longest)
        {
            await Task.Delay(20).ConfigureAwait(false);
        }

        if (ground.Count > 0)
        {
            Findings.Report($"{ground.Count} links never end.");
        }
    }
}
