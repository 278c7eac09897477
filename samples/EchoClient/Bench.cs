using System.Diagnostics;

namespace NetKit.Samples;

/// <summary>Sends messages back and forth as fast as they go, and measures each round trip.</summary>
internal static class Bench
{
    /// <summary>Runs until its time is over, it is told to stop, or a connection fails; sums up what was measured in each case.</summary>
    public static async Task RunAsync(Settings settings, Dialer dialer, TextWriter output, CancellationToken stop)
    {
        var connections = new List<Connection>();
        try
        {
            while (connections.Count < settings.Connections)
            {
                connections.Add(await dialer.DialAsync(settings.Server, stop));
            }

            var histograms = connections.ConvertAll(_ => new LatencyHistogram());
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var start = Stopwatch.GetTimestamp();
            var end = Deadline.After(TimeSpan.FromSeconds(settings.Seconds));
            var progress = ShowProgressAsync(histograms, settings.Seconds, output, cut.Token);
            var workers = Task.WhenAll(connections.Zip(histograms, (connection, histogram) =>
                Task.Run(() => MeasureOrCutAsync(connection, histogram, settings, end, cut))));
            await workers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var elapsed = Stopwatch.GetElapsedTime(start);
            await progress;
            await ReportAsync(LatencyHistogram.Sum(histograms), elapsed, settings, output);
            await workers;
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    // The first failure ends it for all.
    private static async Task MeasureOrCutAsync(
        Connection connection, LatencyHistogram histogram, Settings settings, Deadline end, CancellationTokenSource cut)
    {
        try
        {
            await MeasureAsync(connection, histogram, settings, end, cut.Token);
        }
        catch (OperationCanceledException)
        {
            // Cut: what was measured so far counts.
        }
        catch
        {
            await cut.CancelAsync();
            throw;
        }
    }

    private static async Task MeasureAsync(
        Connection connection, LatencyHistogram histogram, Settings settings, Deadline end, CancellationToken cut)
    {
        var message = new byte[settings.Size];
        var echo = new byte[settings.Size];
        Random.Shared.NextBytes(message);
        while (!end.HasPassed)
        {
            var sent = Stopwatch.GetTimestamp();
            connection.SetDeadline(Deadline.After(settings.Timeout));
            await connection.WriteAsync(message, cut);
            await connection.ReadExactlyAsync(echo, cut);
            histogram.Record(Stopwatch.GetElapsedTime(sent));
            if (!echo.AsSpan().SequenceEqual(message))
            {
                throw new InvalidDataException("the server sent back something else than it was sent");
            }
        }
    }

    private static async Task ShowProgressAsync(List<LatencyHistogram> histograms, int seconds, TextWriter output, CancellationToken cut)
    {
        var before = 0L;
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var second = 1; second <= seconds; second++)
        {
            await ((Task)everySecond.WaitForNextTickAsync(cut).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cut.IsCancellationRequested)
            {
                return;
            }

            var count = histograms.Sum(histogram => histogram.Count);
            await output.WriteLineAsync($"{second,4} s  {count - before,10:N0} round trips/s");
            before = count;
        }
    }

    private static async Task ReportAsync(LatencyHistogram all, TimeSpan elapsed, Settings settings, TextWriter output)
    {
        var connections = settings.Connections == 1 ? "1 connection" : $"{settings.Connections:N0} connections";
        await output.WriteLineAsync($"""

            {all.Count:N0} round trips of {settings.Size:N0} bytes on {connections} in {elapsed.TotalSeconds:0.00} s
            {all.Count / elapsed.TotalSeconds:N0} round trips/s, p50 {Microseconds(50)}, p90 {Microseconds(90)}, p99 {Microseconds(99)}, p99.9 {Microseconds(99.9)}, max {Microseconds(100)}
            """);

        string Microseconds(double percent) => $"{all.Percentile(percent).TotalMicroseconds:N1} µs";
    }
}
