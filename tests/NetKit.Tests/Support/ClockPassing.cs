using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

/// <summary>Lets a fake clock run for an operation that waits on it.</summary>
internal static class ClockPassing
{
    /// <summary>Moves the clock on, by a millisecond at a time, until the operation has ended somehow; fails if it has not by then.</summary>
    public static async Task Pass(this FakeTimeProvider clock, Task operation, TimeSpan atMost)
    {
        for (var passed = TimeSpan.Zero; passed < atMost && !operation.IsCompleted; passed += TimeSpan.FromMilliseconds(1))
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        // What the last move of the clock has ended may go on in the thread pool.
        await Task.WhenAny(operation).Within();
    }
}
