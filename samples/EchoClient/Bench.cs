using System.Diagnostics;

namespace NetKit.Samples;

/// <summary>Sends messages back and forth as fast as they go, and measures each round trip.</summary>
internal static class Bench
{
    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        var connections = new List<Connection>();
        try
        {
            while (connections.Count < settings.Connections)
            {
                connections.Add(await Dial.ConnectAsync(settings.Server, settings.Timeout));
            }

            var histograms = connections.ConvertAll(_ => new LatencyHistogram());
            var start = Stopwatch.GetTimestamp();
            var end = Deadline.After(TimeSpan.FromSeconds(settings.Seconds));
            var progress = ShowProgressAsync(histograms, settings.Seconds, output);

            // As they end, not all at the end: the first failure is shown at once.
            await foreach (var worker in Task.WhenEach(connections.Zip(histograms, (connection, histogram) =>
                Task.Run(() => MeasureAsync(connection, histogram, settings, end)))))
            {
                await worker;
            }

            var elapsed = Stopwatch.GetElapsedTime(start);
            await progress;
            await ReportAsync(LatencyHistogram.Sum(histograms), elapsed, settings, output);
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static async Task MeasureAsync(Connection connection, LatencyHistogram histogram, Settings settings, Deadline end)
    {
        var message = new byte[settings.Size];
        var echo = new byte[settings.Size];
        Random.Shared.NextBytes(message);
        while (!end.HasPassed)
        {
            var sent = Stopwatch.GetTimestamp();
            connection.SetDeadline(Deadline.After(settings.Timeout));
            await connection.WriteAsync(message);
            await connection.ReadExactlyAsync(echo);
            histogram.Record(Stopwatch.GetElapsedTime(sent));
            if (!echo.AsSpan().SequenceEqual(message))
            {
                throw new InvalidDataException("the server sent back something else than it was sent");
            }
        }
    }

    private static async Task ShowProgressAsync(List<LatencyHistogram> histograms, int seconds, TextWriter output)
    {
        var before = 0L;
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var second = 1; second <= seconds; second++)
        {
            await everySecond.WaitForNextTickAsync();
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
