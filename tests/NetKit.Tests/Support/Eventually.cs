using System.Diagnostics;

namespace NetKit.Tests;

/// <summary>Waits for what will come, instead of sleeping and hoping. The bound is generous: it only ends a test that has failed.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    public static async Task True(Func<bool> condition, Func<string> otherwise)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Bound)
            {
                Assert.Fail($"Not within {Bound.TotalSeconds} s: {otherwise()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The same for a condition that has to be asked for.</summary>
    public static async Task True(Func<Task<bool>> condition, string otherwise)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition().Within())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Bound, $"Not within {Bound.TotalSeconds} s: {otherwise}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TestContext.Current.CancellationToken);
        }
    }

    public static Task True(Func<bool> condition, string otherwise) => True(condition, () => otherwise);

    public static Task Equal<T>(T expected, Func<T> actual) => True(
        () => EqualityComparer<T>.Default.Equals(expected, actual()), () => $"expected {expected}, still {actual()}");

    /// <summary>Bounds a wait, so that what never comes fails its own test and holds up no other.</summary>
    public static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Bound, TestContext.Current.CancellationToken);

    public static Task Within(this Task task) => task.WaitAsync(Bound, TestContext.Current.CancellationToken);

    public static Task<T> Within<T>(this ValueTask<T> task) => task.AsTask().Within();

    public static Task Within(this ValueTask task) => task.AsTask().Within();
}
