using System.Diagnostics;
using NetKit.Samples;

namespace NetKit.Tests.Chat;

/// <summary>When the LoadTest sample sends.</summary>
public sealed class DueTimesTests
{
    [Fact]
    public async Task Nothing_is_sent_before_it_is_due()
    {
        // 2.7 ms from one to the next: no timer's tick.
        var due = new DueTimes(place: 0, senders: 1, rate: 370);
        var end = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
        for (var message = 0; message < 200; message++)
        {
            var at = await due.WaitAsync(message, end, TestContext.Current.CancellationToken);
            Assert.InRange(Stopwatch.GetTimestamp(), at, long.MaxValue);
        }
    }
}
