using Microsoft.Extensions.Time.Testing;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

public sealed class BackendHealthTests
{
    private static readonly BackoffTime s_backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

    private readonly FakeTimeProvider _clock = new();
    private readonly BackendHealth _health;

    // The longest time: 1 s, 2 s, 4 s, ...
    public BackendHealthTests() => _health = new BackendHealth(s_backoff, _clock, static () => 1);

    [Fact]
    public void A_backend_is_dialed_by_everybody_until_a_dial_fails()
    {
        var dials = Enumerable.Range(0, 10).Select(_ => Begin()).ToArray();
        Assert.True(_health.IsUp);

        Assert.Equal(TimeSpan.FromSeconds(1), _health.OnFailed(dials[0]));

        Assert.False(_health.IsUp);
        Assert.False(_health.TryBegin(out _));
    }

    [Fact]
    public void One_at_a_time_tries_it_again_once_its_time_is_over()
    {
        _health.OnFailed(Begin());
        _clock.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        Assert.False(_health.TryBegin(out _));
        _clock.Advance(TimeSpan.FromTicks(1));

        var trial = Begin();

        Assert.False(_health.TryBegin(out _));
        _health.OnFailed(trial);
        Assert.False(_health.TryBegin(out _));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Begin();
    }

    [Fact]
    public void It_is_put_aside_for_longer_each_time_up_to_the_limit()
    {
        var times = new List<double>();
        for (var failure = 0; failure < 7; failure++)
        {
            times.Add(_health.OnFailed(Begin())!.Value.TotalSeconds);
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal([1, 2, 4, 8, 10, 10, 10], times);
        Assert.Equal(7, _health.Failures);
    }

    [Fact]
    public void Dials_that_began_together_and_failed_are_one_failure()
    {
        var dials = Enumerable.Range(0, 100).Select(_ => Begin()).ToArray();

        var told = dials.Select(_health.OnFailed).ToArray();

        Assert.Single(told, time => time is not null);
        Assert.Equal(1, _health.Failures);
    }

    [Fact]
    public void A_dial_that_succeeds_brings_it_back_and_forgets_the_failures()
    {
        _health.OnFailed(Begin());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Begin();

        Assert.True(_health.OnConnected());

        Assert.True(_health.IsUp);
        Assert.False(_health.OnConnected());
        Begin();
        Assert.Equal(TimeSpan.FromSeconds(1), _health.OnFailed(Begin()));
    }

    [Fact]
    public void A_dial_that_began_before_the_failure_and_succeeds_after_it_counts()
    {
        var late = Begin();
        _health.OnFailed(Begin());

        _health.OnConnected();

        Assert.True(_health.IsUp);
        Assert.Null(_health.OnFailed(late));
        Assert.True(_health.IsUp);
    }

    [Fact]
    public void A_trial_that_was_given_up_leaves_it_to_the_next()
    {
        _health.OnFailed(Begin());
        _clock.Advance(TimeSpan.FromSeconds(1));

        _health.OnAbandoned(Begin());

        Begin();
        Assert.Equal(1, _health.Failures);
    }

    [Theory]
    [InlineData(1, 0, 0.5)]
    [InlineData(1, 1, 1)]
    [InlineData(3, 0.5, 3)]
    [InlineData(5, 0, 5)]
    [InlineData(10_000, 1, 10)]
    public void Time_aside_is_between_half_of_it_and_all(int failures, double random, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), s_backoff.After(failures, random));

    private int Begin()
    {
        Assert.True(_health.TryBegin(out var dial));
        return dial;
    }
}
