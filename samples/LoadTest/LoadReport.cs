namespace NetKit.Samples;

/// <summary>Says what a run came to.</summary>
internal static class LoadReport
{
    public static async Task WriteAsync(LoadResult result, TextWriter output)
    {
        await output.WriteLineAsync($"""

            {result.Opened:N0} of {result.Connections:N0} connections to {result.Target}, {result.Seconds:0.0} s
            {result.Sent:N0} messages sent, {result.Received:N0} received, {result.Lost:N0} lost; {result.PerSecond:N0} received a second
            """);
        if (result.P50Milliseconds is not null)
        {
            await output.WriteLineAsync($"""
                latency p50 {result.P50Milliseconds:0.00} ms, p90 {result.P90Milliseconds:0.00}, p99 {result.P99Milliseconds:0.00}, p99.9 {result.P999Milliseconds:0.00}, max {result.MaxMilliseconds:0.00}; sent late by up to {result.LateP99Milliseconds:0.00} ms (p99)
                """);
        }

        if (result.NotSent > 0)
        {
            await output.WriteLineAsync($"{result.NotSent:N0} messages were due and not sent: the rate was not kept");
        }

        if (result.NeverRead > 0)
        {
            await output.WriteLineAsync($"{result.NeverRead:N0} never read, {result.DroppedUnread:N0} of them dropped by the server");
        }

        foreach (var (kind, count) in result.Errors)
        {
            await output.WriteLineAsync($"{count,8:N0} x {kind}");
        }
    }
}
