using System.Diagnostics;

namespace NetKit.Tests.Timing;

[Collection(nameof(Alone))]
public sealed class DeadlineOnTheSystemClockTests
{
    // The coarse clock's step is 10 ms at the most, and reading it truncates to a millisecond.
    private static readonly TimeSpan s_mostRounding = TimeSpan.FromMilliseconds(11);

    private readonly record struct Sample(TimeSpan Timeout, Deadline Deadline, long Before, long After);

    [Fact]
    public void A_deadline_never_passes_early_and_late_by_no_more_than_the_clock_s_step()
    {
        var random = new Random(20);
        for (var round = 0; round < 4; round++)
        {
            var pending = new List<Sample>();
            for (var index = 0; index < 1_500; index++)
            {
                var timeout = TimeSpan.FromMicroseconds(random.Next(1_000, 300_000));
                var before = Stopwatch.GetTimestamp();
                var deadline = Deadline.After(timeout);
                pending.Add(new Sample(timeout, deadline, before, Stopwatch.GetTimestamp()));
            }

            while (pending.Count > 0)
            {
                pending.RemoveAll(HasPassed);
            }
        }
    }

    // Both bounds hold whenever this thread loses its core: early is judged by a time read after, late by one read before.
    private static bool HasPassed(Sample sample)
    {
        var looked = Stopwatch.GetTimestamp();
        if (sample.Deadline.HasPassed)
        {
            var elapsed = Stopwatch.GetElapsedTime(sample.Before);
            Assert.True(elapsed >= sample.Timeout, $"{sample.Timeout} passed after {elapsed}");
            return true;
        }

        var waited = Stopwatch.GetElapsedTime(sample.After, looked);
        Assert.True(waited < sample.Timeout + s_mostRounding, $"{sample.Timeout} had not passed after {waited}");
        return false;
    }

    [Fact]
    public void Remaining_is_never_less_than_what_is_left()
    {
        for (var milliseconds = 1; milliseconds <= 300; milliseconds++)
        {
            var timeout = TimeSpan.FromMilliseconds(milliseconds);
            var before = Stopwatch.GetTimestamp();
            var remaining = Deadline.After(timeout).Remaining;
            var elapsed = Stopwatch.GetElapsedTime(before);
            Assert.InRange(remaining, timeout - elapsed, timeout + s_mostRounding);
        }
    }
}
