using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace NetKit.Tests;

/// <summary>Ways to wait in tests: for a condition, for a thread, or a moment to see that nothing happens.</summary>
internal static class Waiting
{
    /// <summary>The longest that a test may take, in milliseconds. Generous: it ends what hangs, it measures nothing.</summary>
    public const int Watchdog = 120_000;

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(30);

    /// <summary>Asserts that an operation still waits. Looks for a moment only, so it can pass by luck but never fail by it.</summary>
    public static async Task StillWaits(Task operation, [CallerArgumentExpression(nameof(operation))] string name = "")
    {
        await Task.WhenAny(operation, Task.Delay(s_moment));
        if (operation.IsCompleted)
        {
            Assert.Fail($"{name} should wait still, but ended: {operation.Exception?.InnerException?.ToString() ?? operation.Status.ToString()}");
        }
    }

    /// <summary>Waits until the condition holds.</summary>
    public static async Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string name = "")
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"Never became true: {name}");
            await Task.Delay(1);
        }
    }

    /// <summary>Runs what blocks on a thread of its own, so that the pool does not starve.</summary>
    public static Task<T> OnThread<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Runs what blocks on a thread of its own, so that the pool does not starve.</summary>
    public static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits for the end, which may be that the connection failed.</summary>
    public static async Task IgnoringFailedConnection(this Task operation)
    {
        try
        {
            await operation;
        }
        catch (ConnectionException exception)
        {
            Fails.AssertWellFormed(exception);
        }
    }

    /// <summary>Waits until a read would not have to wait.</summary>
    public static async Task UntilReadable(this Connection connection) => _ = await connection.ReadAsync(Memory<byte>.Empty);
}
