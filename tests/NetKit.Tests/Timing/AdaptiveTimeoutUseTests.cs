using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.Timeout;

namespace NetKit.Tests.Timing;

/// <summary>The two uses that the documentation shows, and what they cost.</summary>
public sealed class AdaptiveTimeoutUseTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task It_makes_the_read_deadline_of_a_connection()
    {
        var adaptive = Learnt(_time, TimeSpan.FromMilliseconds(20));
        var (near, far) = Connection.CreatePair(_time);
        await using var both = new ConnectedPair(near, far);
        var buffer = new byte[1];

        near.ReadDeadline = adaptive.NextDeadline();
        var answered = near.ReadAsync(buffer);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        await far.WriteAsync(buffer);
        Assert.Equal(1, await answered);

        near.ReadDeadline = adaptive.NextDeadline();
        var unanswered = near.ReadAsync(buffer).AsTask();
        _time.Advance(adaptive.Current - TimeSpan.FromTicks(1));
        await Waiting.StillWaits(unanswered);
        _time.Advance(TimeSpan.FromTicks(1));
        await Fails.AtDeadline(unanswered);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task It_makes_the_timeout_of_a_polly_pipeline()
    {
        var adaptive = Learnt(_time, TimeSpan.FromMilliseconds(20));
        var before = adaptive.Current;
        var timeout = new TimeoutStrategyOptions
        {
            TimeoutGenerator = _ => new ValueTask<TimeSpan>(adaptive.Current),
            OnTimeout = _ =>
            {
                adaptive.RecordTimeout();
                return default;
            },
        };
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = _time }.AddTimeout(timeout).Build();

        var times = 0;
        foreach (var expected in new[] { before, before, before * 2 })
        {
            // What is doubled has parts of a tick that the estimate, seen from outside, has lost.
            Assert.InRange(adaptive.Current, expected, expected + TimeSpan.FromTicks(2));
            var attempt = pipeline.ExecuteAsync(
                async token =>
                {
                    times++;
                    await Task.Delay(Timeout.InfiniteTimeSpan, _time, token);
                }).AsTask();
            Assert.False(attempt.IsCompleted);
            _time.Advance(expected + TimeSpan.FromMilliseconds(1));
            await Assert.ThrowsAsync<TimeoutRejectedException>(() => attempt);
        }

        Assert.Equal(3, times);
        Assert.InRange(adaptive.Current, before * 4, (before * 4) + TimeSpan.FromTicks(4));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Recording_and_asking_allocate_nothing()
    {
        var adaptive = Learnt(TimeProvider.System, TimeSpan.FromMilliseconds(20));
        Assert.Equal(0, await Waiting.OnThread(() =>
        {
            var least = long.MaxValue;
            for (var round = 0; round < 50 && least > 0; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var times = 0; times < 1_000; times++)
                {
                    _ = adaptive.NextDeadline();
                    adaptive.Record(TimeSpan.FromTicks(times * 1_000));
                    adaptive.RecordTimeout();
                }

                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            return least;
        }));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Many_threads_may_record_and_ask_at_once_and_no_sample_is_lost()
    {
        var window = new LatencyWindow(TimeSpan.FromDays(1));
        window.MoveTo(0);
        var adaptive = new AdaptiveTimeout();
        const int Threads = 4;
        const int Times = 50_000;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Waiting.OnThread(() =>
        {
            for (var times = 0; times < Times; times++)
            {
                window.Add(20 * TimeSpan.TicksPerMillisecond);
                adaptive.Record(TimeSpan.FromMilliseconds(20));
                if (times % 1000 == thread)
                {
                    adaptive.RecordTimeout();
                }

                Assert.InRange(adaptive.Current, TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(30));
            }
        })));
        var distribution = new LatencyDistribution();
        distribution.Load(window);
        Assert.Equal(Threads * Times, distribution.Completed);
    }

    private static AdaptiveTimeout Learnt(TimeProvider time, TimeSpan latency)
    {
        var adaptive = new AdaptiveTimeout(timeProvider: time);
        for (var times = 0; times < 1_000; times++)
        {
            adaptive.Record(latency);
        }

        _ = adaptive.Current;
        return adaptive;
    }
}
