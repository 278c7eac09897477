using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

/// <summary>Lets a fake clock run for an operation that waits on it.</summary>
internal static class ClockPassing
{
    /// <summary>Moves the clock on, by a millisecond at a time, until the operation has ended somehow; fails if it has not by then.</summary>
    public static async Task Pass(this FakeTimeProvider clock, Task operation, TimeSpan atMost)
    {
        for (var passed = TimeSpan.Zero; !operation.IsCompleted; passed += TimeSpan.FromMilliseconds(1))
        {
            Assert.True(passed <= atMost, $"It has not ended within {atMost} of the clock.");
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        await operation.ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
