using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetKit.Tests.Timing;

namespace NetKit.Tests.Listening;

public sealed class SteadyAcceptTests : IAsyncDisposable
{
    // The stable id of "accepting fails", which operators filter by.
    private const int AcceptFailing = 101;
    private readonly TimerCountingTimeProvider _time = new();
    private readonly ScriptedAcceptor _acceptor = new();

    public ValueTask DisposeAsync() => _acceptor.DisposeAsync();

    [Fact]
    public async Task A_shortage_is_waited_out_longer_each_time_up_to_a_second()
    {
        _acceptor.FailsForWantOfDescriptors(times: 11).ThenAccepts();
        var next = Begin(Steady());
        foreach (var milliseconds in new[] { 5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000 })
        {
            await Eventually.Equal(1, () => _time.Armed);
            var accepts = _acceptor.Accepts;
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds) - TimeSpan.FromTicks(1));
            Assert.Equal(accepts, _acceptor.Accepts);
            _time.Advance(TimeSpan.FromTicks(1));
            await Eventually.Equal(accepts + 1, () => _acceptor.Accepts);
        }

        Assert.NotNull(await next.Within());
        Assert.Equal(12, _acceptor.Accepts);
    }

    [Fact]
    public async Task After_a_success_the_waits_are_short_again()
    {
        _acceptor.FailsForWantOfDescriptors(times: 5).ThenAccepts().FailsForWantOfDescriptors().ThenAccepts();
        var steady = Steady();
        var first = Begin(steady);
        await AdvanceUntilCompleted(first);

        var second = Begin(steady);
        await Eventually.Equal(1, () => _time.Armed);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        Assert.NotNull(await second.Within());
    }

    [Fact]
    public async Task A_connection_that_is_closed_ends_the_wait_at_once()
    {
        _acceptor.FailsForWantOfDescriptors().ThenAccepts();
        var steady = Steady();
        var next = Begin(steady);
        await Eventually.Equal(1, () => _time.Armed);
        steady.OnResourcesFreed();
        Assert.NotNull(await next.Within());
    }

    [Fact]
    public async Task A_shortage_that_outlasts_what_was_freed_is_waited_out_again()
    {
        _acceptor.FailsForWantOfDescriptors(times: 2).ThenAccepts();
        var steady = Steady();
        var next = Begin(steady);
        await Eventually.Equal(1, () => _time.Armed);
        steady.OnResourcesFreed();
        await Eventually.Equal((2, 1), () => (_acceptor.Accepts, _time.Armed));
        await Waiting.StillWaits(next);
        Assert.Equal(2, _acceptor.Accepts);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.NotNull(await next.Within());
    }

    [Fact]
    public async Task What_is_freed_while_an_accept_fails_is_not_missed()
    {
        var steady = Steady();
        _acceptor.FailsForWantOfDescriptors().FailsWhile(steady.OnResourcesFreed).ThenAccepts();
        var next = Begin(steady);
        await Eventually.Equal(1, () => _time.Armed);
        steady.OnResourcesFreed();
        Assert.NotNull(await next.Within());
    }

    [Fact]
    public async Task Clients_may_be_turned_away_after_a_wait_of_a_tenth_of_a_second_and_until_one_is_accepted()
    {
        _acceptor.FailsForWantOfDescriptors(times: 7).ThenAccepts().FailsForWantOfDescriptors().ThenAccepts();
        var steady = Steady();
        var first = Begin(steady);
        await AdvanceUntilCompleted(first);

        // After waits of 5, 10, 20, 40 and 80 ms, none; after those of 160 and 320 ms, some.
        Assert.Equal([0, 0, 0, 0, 0, 0, 128, 128], _acceptor.Allowances);
        Assert.Equal(0, _acceptor.MayTurnAway);
        await AdvanceUntilCompleted(Begin(steady));
        Assert.Equal([0, 0], _acceptor.Allowances.Skip(8));
    }

    [Fact]
    public async Task A_success_of_one_ends_the_waits_of_the_others()
    {
        _acceptor.FailsForWantOfDescriptors(times: 2).ThenAccepts().ThenAccepts().ThenAccepts();
        var steady = Steady();
        var waiting = new[] { Begin(steady), Begin(steady) };
        await Eventually.Equal(2, () => _time.Armed);
        Assert.NotNull(await Begin(steady).Within());
        Assert.All(await Task.WhenAll(waiting).Within(), static arrival => Assert.NotNull(arrival));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_close_ends_the_waits_of_all(bool oneAfterTheOther)
    {
        _acceptor.FailsForWantOfDescriptors(times: 3);
        var steady = Steady();
        var first = Begin(steady);
        await Eventually.Equal(1, () => _time.Armed);
        if (oneAfterTheOther)
        {
            _time.Advance(TimeSpan.FromMilliseconds(2));
        }

        var second = Begin(steady);
        await Eventually.Equal(2, () => _time.Armed);

        // The first has waited for its 5 ms and fails again, while the second still waits.
        if (oneAfterTheOther)
        {
            _time.Advance(TimeSpan.FromMilliseconds(3));
            await Eventually.Equal(3, () => _acceptor.Accepts);
            await Eventually.Equal(2, () => _time.Armed);
        }

        steady.Stop();
        Assert.All(await Task.WhenAll(first, second).Within(), static arrival => Assert.Null(arrival));
    }

    public static TheoryData<string> Surprises => new(
        nameof(InsufficientMemoryException), nameof(FileNotFoundException), nameof(InvalidOperationException), nameof(ConnectionException));

    [Theory]
    [MemberData(nameof(Surprises))]
    public async Task What_nobody_has_thought_of_is_waited_out_too(string surprise)
    {
        _acceptor.Fails(Make(surprise), times: 3).ThenAccepts();
        var next = Begin(Steady());
        await AdvanceUntilCompleted(next);
        Assert.NotNull(await next);
    }

    [Fact]
    public async Task A_closed_listener_is_the_end()
    {
        _acceptor.FailsForWantOfDescriptors(times: 2);
        var next = Begin(Steady());
        await AdvanceUntilCompleted(next);
        Assert.Null(await next);
    }

    [Fact]
    public async Task The_caller_s_token_ends_a_wait()
    {
        _acceptor.FailsForWantOfDescriptors(times: 100);
        using var source = new CancellationTokenSource();
        var next = Steady().NextAsync(source.Token).AsTask();
        await Eventually.Equal(1, () => _time.Armed);
        await source.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.Within());
        Assert.Equal(source.Token, exception.CancellationToken);
        Assert.Equal(0, _time.Armed);
    }

    [Fact]
    public async Task A_long_shortage_is_logged_once_in_a_while_and_the_rest_is_counted()
    {
        var logger = new RecordingLogger();
        _acceptor.FailsForWantOfDescriptors(times: 60).ThenAccepts();
        var next = Begin(Steady(logger));
        await AdvanceUntilCompleted(next);

        // Some 52 s of waits, and a message every 10 s.
        var entries = logger.Entries.Where(entry => entry.Id == AcceptFailing).ToList();
        Assert.InRange(entries.Count, 4, 7);
        Assert.All(entries, entry => Assert.Equal(LogLevel.Warning, entry.Level));
        Assert.Matches(@"\b[1-9]\d* more failures", entries[1].Message);
        Assert.Contains("127.0.0.1:7", entries[0].Message, StringComparison.Ordinal);
    }

    private SteadyAccept Steady(ILogger? logger = null) => new(_acceptor, logger ?? NullLogger.Instance, _time);

    private static Task<Arrival?> Begin(SteadyAccept steady) => steady.NextAsync(TestContext.Current.CancellationToken).AsTask();

    private Task AdvanceUntilCompleted(Task task) => Eventually.True(
        () =>
        {
            if (_time.Armed > 0)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
            }

            return task.IsCompleted;
        },
        "the accept goes on");

    private static Exception Make(string surprise) => surprise switch
    {
        nameof(InsufficientMemoryException) => new InsufficientMemoryException(),
        nameof(FileNotFoundException) => new FileNotFoundException("Could not load file or assembly."),
        nameof(ConnectionException) => new ConnectionException(ConnectionError.Unknown, "accept"),
        _ => new InvalidOperationException(),
    };
}
