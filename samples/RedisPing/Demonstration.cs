using System.Globalization;

namespace NetKit.Samples;

/// <summary>Runs callers against cutters, shows how the pool fares, and sums up.</summary>
internal sealed class Demonstration(Settings settings, ConnectionPool pool, IConnectionCutter cutter, TextWriter output)
{
    private readonly RedisClient _redis = new(pool, settings.Timeout);
    private readonly Tally _tally = new();

    // A key of our own, for a server that may be somebody's.
    private readonly string _counter = $"netkit:redisping:{Guid.NewGuid():N}";

    /// <summary>Runs until its time is over or it is told to stop; false if an answer was not the right one, or nobody can say.</summary>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        await _redis.PingAsync(stop);
        await _redis.SetAsync(_counter, "0", stop);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        end.CancelAfter(settings.Length);
        await Task.WhenAll(
            new Callers(_redis, _counter, _tally).RunAsync(settings.Callers, end),
            EveryAsync(settings.CutEvery, CutAsync, end.Token),
            EveryAsync(TimeSpan.FromSeconds(1), ShowAsync, end.Token));
        return await SumUpAsync();
    }

    private static async Task EveryAsync(TimeSpan period, Func<int, Task> act, CancellationToken stop)
    {
        if (period == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        using var timer = new PeriodicTimer(period);
        try
        {
            for (var tick = 1; await timer.WaitForNextTickAsync(stop); tick++)
            {
                await act(tick);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task CutAsync(int tick)
    {
        try
        {
            if (await cutter.CutOneAsync(CancellationToken.None))
            {
                _tally.AddCut();
            }
        }
        catch (ConnectionException)
        {
            // The server is away: as good as a cut, and not counted.
        }
    }

    private Task ShowAsync(int second)
    {
        var (idle, leased, dialing, waiting, dialed, reused, closed) = pool.GetStatistics();
        return output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{second,4} s  {_tally.Answered,9:N0} answered  {_tally.Failed,4:N0} failed  {_tally.Cuts,4:N0} cut | {idle} idle, {leased} leased, {dialing} dialing, {waiting} waiting | {dialed:N0} dialed, {reused:N0} reused, {closed:N0} closed"));
    }

    private async Task<bool> SumUpAsync()
    {
        var counted = await CountedAsync();
        var least = _tally.Increments;
        var most = least + _tally.Unknown;
        var statistics = pool.GetStatistics();
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"""

            {_tally.Answered:N0} calls answered, {_tally.Failed:N0} failed, {_tally.Wrong:N0} answered wrongly
            {_tally.Cuts:N0} connections cut; {statistics.Dialed:N0} dialed, {statistics.Reused:N0} reused, {statistics.Closed:N0} closed
            {least:N0} increments answered, {_tally.Unknown:N0} not: the counter should be from {least:N0} to {most:N0}, and is {counted?.ToString("N0", CultureInfo.InvariantCulture) ?? "out of reach"}
            """));
        if (_tally.LastFailure is { } failure)
        {
            await output.WriteLineAsync($"The last to fail: {failure.Message}");
        }

        var fault = FaultOf(counted, least, most);
        await output.WriteLineAsync(fault is null ? "Every answer was right." : $"FAILED: {fault}");
        return fault is null;
    }

    private string? FaultOf(long? counted, long least, long most) => counted switch
    {
        _ when _tally.Wrong > 0 => "a call was answered with what belonged to another.",
        null => "the server is out of reach, so the counter could not be checked.",
        var count when count < least => "the counter was lost; did the server restart without persistence?",
        var count when count > most => "the counter was incremented more often than it was asked for.",
        _ => null,
    };

    /// <summary>Reads the counter and removes it. Nothing is cut any more, but what was cut just before may be found only now.</summary>
    private async Task<long?> CountedAsync()
    {
        for (var attempt = 0; attempt < settings.Connections + 1; attempt++)
        {
            try
            {
                var text = await _redis.GetAsync(_counter, CancellationToken.None);
                await _redis.DeleteAsync(_counter, CancellationToken.None);
                return long.Parse(text ?? "0", CultureInfo.InvariantCulture);
            }
            catch (ConnectionException)
            {
                // Another connection.
            }
        }

        return null;
    }
}
