using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

public sealed class BackendDialerTests
{
    private const int CannotDial = 3; // in the log

    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(9);

    private readonly FakeTimeProvider _clock = new();
    private readonly Backend[] _backends;
    private readonly ScriptedDialer _dialer;
    private readonly BackendDialer _proxy;

    public BackendDialerTests()
    {
        _backends = [.. Enumerable.Range(1, 3).Select(Make)];
        _dialer = new ScriptedDialer(_clock);
        _proxy = MakeProxy(NullLogger.Instance);
    }

    [Fact]
    public async Task A_client_goes_past_backends_that_refuse_and_these_are_put_aside()
    {
        _dialer.Script.Enqueue(Refuse(ConnectionError.Refused));
        _dialer.Script.Enqueue(Refuse(ConnectionError.Unreachable));

        using (var ticket = await AssertReaches(_backends[2]))
        {
            Assert.Equal([false, false, true], _backends.Select(static backend => backend.Health.IsUp));
            Assert.Equal([0, 0, 1], _backends.Select(static backend => backend.Connections));
        }

        Assert.Equal([1, 1, 0], _backends.Select(static backend => backend.FailedDials));
        Assert.Equal([0, 0, 1], _backends.Select(static backend => backend.Opened));
        Assert.All(_backends, static backend => Assert.Equal(0, backend.Connections));
    }

    [Fact]
    public async Task When_all_refuse_each_was_dialed_once_and_the_next_client_dials_nobody()
    {
        for (var index = 0; index < 3; index++)
        {
            _dialer.Script.Enqueue(Refuse(ConnectionError.Refused));
        }

        Assert.Null(await _proxy.DialAsync().AsTask().Within());
        Assert.Equal(3, _dialer.Starts.Count);
        Assert.Null(await _proxy.DialAsync().AsTask().Within());
        Assert.Equal(3, _dialer.Starts.Count);
        Assert.All(_backends, static backend => Assert.Equal(0, backend.Connections));
    }

    [Fact]
    public async Task A_backend_that_does_not_answer_leaves_time_for_the_others()
    {
        _dialer.Script.Enqueue(ScriptedDialer.Hang);
        _dialer.Script.Enqueue(ScriptedDialer.Hang);
        var dialing = _proxy.DialAsync().AsTask();

        await AdvanceUntilDialsAsync(2);
        await AdvanceUntilDialsAsync(3);

        var reached = (await dialing.Within())!.Value;
        Assert.Same(_backends[2], reached.Ticket.Backend);
        Assert.Equal([0, 3, 6], _dialer.Starts.Select(static start => start.TotalSeconds));
        Assert.Equal([false, false, true], _backends.Select(static backend => backend.Health.IsUp));
    }

    [Fact]
    public async Task The_last_backend_left_has_all_the_time_left()
    {
        _dialer.Script.Enqueue(Refuse(ConnectionError.Refused));
        _dialer.Script.Enqueue(Refuse(ConnectionError.Refused));
        _dialer.Script.Enqueue(ScriptedDialer.Hang);
        var dialing = _proxy.DialAsync().AsTask();
        await Eventually.Equal(3, () => _dialer.Starts.Count);

        _clock.Advance(s_connectTimeout - TimeSpan.FromMilliseconds(1));
        await Waiting.StillWaits(dialing);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Null(await dialing.Within());
    }

    [Fact]
    public async Task Want_of_descriptors_here_is_not_the_backends_fault()
    {
        _dialer.Script.Enqueue(Refuse(ConnectionError.ResourceExhausted));

        using var ticket = await AssertReaches(_backends[1]);

        Assert.All(_backends, static backend => Assert.True(backend.Health.IsUp));
        Assert.Equal([1, 0, 0], _backends.Select(static backend => backend.FailedDials));
        Assert.Equal([0, 1, 0], _backends.Select(static backend => backend.Connections));
    }

    [Fact]
    public async Task Want_of_descriptors_is_logged_once_a_second_and_not_for_each_client()
    {
        using var log = new RecordingLogger();
        var proxy = MakeProxy(log);
        for (var second = 1; second <= 3; second++)
        {
            for (var client = 0; client < 10; client++)
            {
                _dialer.Script.Enqueue(Refuse(ConnectionError.ResourceExhausted));
                var reached = (await proxy.DialAsync().AsTask().Within())!.Value;
                await reached.Connection.DisposeAsync();
                reached.Ticket.Dispose();
            }

            Assert.Equal(second, log.CountOf(CannotDial));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static ScriptedDialer.Answer Refuse(ConnectionError error) => ScriptedDialer.Fail(() => new ConnectionException(error, "dial"));

    private async Task<BackendTicket> AssertReaches(Backend backend)
    {
        var reached = await _proxy.DialAsync().AsTask().Within();
        Assert.NotNull(reached);
        await using var connection = reached.Value.Connection;
        Assert.Same(backend, reached.Value.Ticket.Backend);
        return reached.Value.Ticket;
    }

    private Task AdvanceUntilDialsAsync(int count)
    {
        _clock.Advance(TimeSpan.FromSeconds(3));
        return Eventually.Equal(count, () => _dialer.Starts.Count);
    }

    private BackendDialer MakeProxy(ILogger log) =>
        new(_dialer, new BackendPicker(_backends, BackendPolicy.RoundRobin), s_connectTimeout, _clock, log);

    private Backend Make(int number) => new(
        new IPEndPoint(IPAddress.Loopback, number),
        new BackendHealth(new BackoffTime(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)), _clock, static () => 1));
}
