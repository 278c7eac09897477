using CsCheck;

namespace NetKit.Tests.Pooling.Core;

/// <summary>One generated life of a pool: its options, and what happens to it.</summary>
internal sealed record CoreCase(ConnectionPoolOptions Options, (CoreStep Step, int Pick)[] Steps)
{
    private static readonly TimeSpan[] s_times = [TimeSpan.Zero, TimeSpan.FromSeconds(4), Timeout.InfiniteTimeSpan];

    public static Gen<CoreCase> Gen { get; } = CsCheck.Gen.Select(
        CsCheck.Gen.Int[1, 4],
        CsCheck.Gen.Int[0, 4],
        CsCheck.Gen.Int[1, 6],
        CsCheck.Gen.Int[1, 3],
        CsCheck.Gen.Int[0, 8],
        CsCheck.Gen.Select(CsCheck.Gen.Enum<CoreStep>(), CsCheck.Gen.Int[0, 30]).Array[0, 200],
        static (max, minIdle, waiters, dials, times, steps) => new CoreCase(
            new ConnectionPoolOptions
            {
                MaxConnections = max,
                MinIdle = times / 3 == 0 ? 0 : Math.Min(minIdle, max),
                MaxWaiters = waiters,
                MaxConcurrentDials = dials,
                IdleTimeout = s_times[times % 3],
                ConnectionLifetime = s_times[times / 3],
            },
            steps));

    public static string Print(CoreCase life) =>
        $"max {life.Options.MaxConnections}, min idle {life.Options.MinIdle}, waiters {life.Options.MaxWaiters}, dials {life.Options.MaxConcurrentDials}, "
        + $"idle {life.Options.IdleTimeout}, lifetime {life.Options.ConnectionLifetime}: {string.Join(" ", life.Steps.Select(step => $"{step.Step}{step.Pick}"))}";
}

/// <summary>What can happen to a pool. Those that happen often stand here more than once.</summary>
internal enum CoreStep
{
    Rent,
    RentAgain,
    RentOnceMore,
    RentLate,
    Return,
    ReturnAgain,
    Discard,
    DiscardDead,
    DialOk,
    DialOkAgain,
    DialFails,
    Closed,
    ClosedAgain,
    Cancel,
    Advance,
    AdvanceSilently,
    Clear,
    WarmUp,
    Dispose,
}
