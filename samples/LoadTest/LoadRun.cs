using System.Diagnostics;

namespace NetKit.Samples;

/// <summary>Opens the connections, lets them work, and sums up.</summary>
internal sealed class LoadRun(LoadSettings settings, TextWriter output)
{
    private const int MostOpening = 100;
    private static readonly TimeSpan s_straggle = TimeSpan.FromSeconds(5); // for messages that are under way at the end

    private readonly LoadCounts _counts = new();

    public async Task<LoadResult> RunAsync(CancellationToken stop)
    {
        var connector = new Connector(settings);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var progress = settings.IsQuiet ? Task.CompletedTask : ShowProgressAsync(over.Token);
        var clients = await OpenAsync(connector, stop);
        try
        {
            TimeSpan elapsed;
            await using (stop.Register(() => Array.ForEach(clients, static client => client.Abort())))
            {
                elapsed = await WorkAsync(clients, stop);
                stop.ThrowIfCancellationRequested();
            }

            await over.CancelAsync();
            await progress;
            return SumUp(clients, elapsed);
        }
        finally
        {
            await CloseAsync(clients);
        }
    }

    private async Task<LoadClient[]> OpenAsync(Connector connector, CancellationToken stop)
    {
        var begin = Stopwatch.GetTimestamp();
        var clients = new LoadClient?[settings.Connections];
        var opening = new ParallelOptions { MaxDegreeOfParallelism = MostOpening, CancellationToken = stop };
        await Parallel.ForAsync(0, clients.Length, opening, async (number, cancellationToken) =>
        {
            var wait = (settings.RampUp * ((double)number / clients.Length)) - Stopwatch.GetElapsedTime(begin);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, cancellationToken);
            }

            try
            {
                clients[number] = new LoadClient(number, await connector.OpenAsync(number, cancellationToken), settings, _counts);
                _counts.Opened();
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                _counts.Failed(e);
            }
        });
        return [.. clients.OfType<LoadClient>()];
    }

    private async Task<TimeSpan> WorkAsync(LoadClient[] clients, CancellationToken stop)
    {
        var begin = Stopwatch.GetTimestamp();
        _counts.WarmUntil = begin + Ticks(settings.WarmUp);
        var end = _counts.WarmUntil + Ticks(settings.Duration);
        if (settings.Mode == LoadMode.Echo)
        {
            await Task.WhenAll(clients.Select(client => Task.Run(() => client.EchoAsync(end, stop), stop)));
            return Stopwatch.GetElapsedTime(begin);
        }

        var readers = clients.Where(static client => client.Reads).ToArray();
        var reading = Task.WhenAll(readers.Select(client => client.ReceiveAllAsync()));
        if (settings.Mode == LoadMode.Broadcast)
        {
            await Task.WhenAll(clients.Take(settings.Senders).Select((client, place) => Task.Run(() => client.SendAllAsync(place, end, stop), stop)));
            await WaitForStragglersAsync(readers, stop);
        }
        else
        {
            await Task.Delay(settings.WarmUp + settings.Duration, stop);
        }

        // From here on connections end because they are closed. Reading ends with them.
        var elapsed = Stopwatch.GetElapsedTime(begin);
        _counts.IsOver = true;
        await CloseAsync(clients);
        await reading;
        return elapsed;
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private static Task CloseAsync(LoadClient[] clients) => Parallel.ForEachAsync(
        clients, new ParallelOptions { MaxDegreeOfParallelism = MostOpening }, static (client, _) => client.DisposeAsync());

    private async Task WaitForStragglersAsync(LoadClient[] readers, CancellationToken stop)
    {
        var begin = Stopwatch.GetTimestamp();
        while (Lost(readers) > 0 && Stopwatch.GetElapsedTime(begin) < s_straggle)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), stop);
        }
    }

    private long Lost(IEnumerable<LoadClient> clients) => settings.Mode switch
    {
        LoadMode.Broadcast => clients.Where(static client => client is { Reads: true, IsThere: true }).Sum(client => _counts.Sent - client.Received),
        LoadMode.Echo => _counts.Sent - _counts.Received,
        _ => 0,
    };

    private LoadResult SumUp(LoadClient[] clients, TimeSpan elapsed)
    {
        var latency = _counts.Latency();
        return new LoadResult
        {
            Target = settings.Target.OriginalString,
            Mode = settings.Mode.ToString().ToLowerInvariant(),
            Connections = settings.Connections,
            Opened = clients.Length,
            Seconds = Math.Round(elapsed.TotalSeconds, 2),
            Sent = _counts.Sent,
            NotSent = _counts.NotSent,
            Received = _counts.Received,
            Lost = Lost(clients),
            NeverRead = settings.NeverRead,
            DroppedUnread = clients.Count(static client => client is { Reads: false, WasGone: true }),
            PerSecond = Math.Round(_counts.Measured / (elapsed - settings.WarmUp).TotalSeconds, 1),
            P50Milliseconds = Milliseconds(50),
            P90Milliseconds = Milliseconds(90),
            P99Milliseconds = Milliseconds(99),
            P999Milliseconds = Milliseconds(99.9),
            MaxMilliseconds = Milliseconds(100),
            LateP99Milliseconds = Math.Round(_counts.Lateness().Percentile(99).TotalMilliseconds, 3),
            Errors = _counts.Errors,
        };

        double? Milliseconds(double percent) => latency.Count == 0 ? null : Math.Round(latency.Percentile(percent).TotalMilliseconds, 3);
    }

    private async Task ShowProgressAsync(CancellationToken over)
    {
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var before = 0L;
        for (var second = 1; ; second++)
        {
            await ((Task)everySecond.WaitForNextTickAsync(over).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
            {
                return;
            }

            var received = _counts.Received;
            await output.WriteLineAsync($"{second,4} s  {_counts.Open,7:N0} connections  {received - before,10:N0} messages/s  {_counts.ErrorCount,6:N0} errors");
            before = received;
        }
    }
}
