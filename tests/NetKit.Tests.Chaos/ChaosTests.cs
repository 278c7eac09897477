using System.Globalization;
using NetKit.Samples;
using NetKit.Tests.Stress;

namespace NetKit.Tests.Chaos;

/// <summary>Callers on a pool, against servers that are killed, frozen and cut off. The length in seconds is NETKIT_CHAOS_SECONDS, the seed NETKIT_CHAOS_SEED.</summary>
public sealed class ChaosTests
{
    private const int CallerCount = 64;
    private const int MaxConnections = 16;
    private const int MaxConcurrentDials = 4;
    private const int Rounds = 5; // of a dial, by default

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(Setting("NETKIT_CHAOS_SECONDS") ?? 15);
    private static readonly int s_seed = Setting("NETKIT_CHAOS_SEED") ?? Random.Shared.Next();

    static ChaosTests() => Heartbeat.Start();

    [Fact]
    public async Task Callers_of_a_scripted_server_get_their_own_answers_in_time_and_nothing_leaks()
    {
        await using var victim = Victim.Scripted(ServerProcess.FreePort(new Random(s_seed)), lateness: s_timeout * 1.5);
        await RunAsync(victim);
    }

    [Fact]
    public async Task Callers_of_a_real_Redis_get_their_own_answers_in_time_and_nothing_leaks()
    {
        await using var victim = Victim.Redis(ServerProcess.FreePort(new Random(s_seed)));
        await RunAsync(victim);
    }

    private static async Task RunAsync(Victim victim)
    {
        Say($"seed {s_seed}, {s_length.TotalSeconds} s");
        var tally = new Tally();
        var schedule = new Schedule(victim, tally, new Random(s_seed));
        var dialer = new CountingDialer(new Dialer());
        await victim.Process.StartAsync(TestContext.Current.CancellationToken);

        // What the engine itself needs is there by then.
        await (await dialer.DialAsync(victim.EndPoint, TestContext.Current.CancellationToken)).DisposeAsync();
        var sockets = ProcessState.Own.Sockets;
        var pool = new ConnectionPool(
            new RetryingDialer(dialer),
            victim.EndPoint,
            new ConnectionPoolOptions { MaxConnections = MaxConnections, MaxConcurrentDials = MaxConcurrentDials, AcquireTimeout = s_timeout });
        await using (pool)
        {
            await LoadAsync(pool, victim, tally, stop => schedule.RunAsync(s_length, stop));
            AssertAtRest(pool.GetStatistics());
        }

        var statistics = pool.GetStatistics();

        // A connection is opened for one that was lost, and never more than the limit beyond that.
        var lost = tally.Broken + tally.Closes + schedule.Cuts + (MaxConnections * schedule.Kills);
        var budget = MaxConnections + lost;

        // While the server is away: the dials that find it so, then one at a time, less and less often: see DialPace.
        var dials = (schedule.Kills * (MaxConcurrentDials + 5)) + (long)Math.Ceiling(schedule.Down / TimeSpan.FromMilliseconds(800));
        var attempts = budget + (dials * Rounds);
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {tally.Answered:N0} answered, {tally.Unserved:N0} unserved, {tally.Broken:N0} broken; {schedule.Kills} kills, {schedule.Freezes} freezes, {schedule.Cuts} cuts
            {statistics.Dialed:N0} connections of at most {budget:N0}, {dialer.Attempts:N0} attempts of at most {attempts:N0}, {statistics.Reused:N0} reused
            longest wait {tally.LongestWait.TotalSeconds:0.000} s, longest recovery {schedule.LongestRecovery.TotalSeconds:0.000} s, longest that nobody ran {Heartbeat.Worst.TotalSeconds:0.000} s
            """));

        Assert.True(tally.Findings.Count == 0, $"Seed {s_seed}:\n{string.Join('\n', tally.Findings)}");
        Assert.True(tally.Answered > 0 && schedule.Kills + schedule.Freezes + schedule.Cuts > 0, $"Seed {s_seed}: nothing happened.");
        Assert.True(statistics.Dialed <= budget, $"Seed {s_seed}: {statistics.Dialed} connections were opened, {budget} at the most should have been.");
        Assert.True(dialer.Attempts <= attempts, $"Seed {s_seed}: {dialer.Attempts} dials were tried, {attempts} at the most should have been.");
        Assert.Equal(new ConnectionPoolStatistics(0, 0, 0, 0, statistics.Dialed, statistics.Reused, Closed: statistics.Dialed), statistics);
        await Eventually.Equal(sockets, () => ProcessState.Own.Sockets);
    }

    /// <summary>Lets callers call until the chaos is over, and waits for their last calls.</summary>
    private static async Task LoadAsync(ConnectionPool pool, Victim victim, Tally tally, Func<CancellationToken, Task> chaos)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var redis = new RedisClient(pool, s_timeout);
        var callers = Enumerable.Range(0, CallerCount)
            .Select(number => Task.Run(() => new Caller(number, redis, s_timeout, victim.ObeysRequests, s_seed, tally).RunAsync(stop.Token)))
            .ToArray();
        try
        {
            await chaos(stop.Token);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(callers);
        }
    }

    private static void AssertAtRest(ConnectionPoolStatistics statistics)
    {
        Assert.Equal(0, statistics.Leased);
        Assert.Equal(0, statistics.Waiting);
        Assert.Equal(0, statistics.Leaked);
        Assert.True(statistics.Idle + statistics.Dialing <= MaxConnections, $"{statistics}");
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    // Where a report keeps it, and where somebody sees it who runs this by hand.
    private static void Say(string text)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Console.WriteLine(text);
    }
}
