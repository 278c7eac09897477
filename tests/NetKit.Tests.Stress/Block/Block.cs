using System.Diagnostics;
using System.Net;

namespace NetKit.Tests.Stress;

/// <summary>Serves clients some of whose handlers block their thread, or burn a core: the others must not feel it.</summary>
internal static class Block
{
    public const byte Answer = (byte)'a';
    public const byte Sleep = (byte)'s';
    public const byte Burn = (byte)'b';

    private static TimeSpan s_time; // that a handler blocks or burns

    public static async Task<int> RunAsync(Arguments arguments)
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ListenerOptions { Backlog = 4096 });
        await using var server = new ConnectionServer(listener, ServeAsync);
        var serving = server.RunAsync(CancellationToken.None);
        var connections = arguments.Number("connections", 100);
        s_time = arguments.Time("block", 2);
        await ClientProcess.RunAsync(
            "block-clients",
            ("server", Environment.ProcessId),
            ("port", ((IPEndPoint)listener.LocalEndPoint).Port),
            ("connections", connections),
            ("crowd", arguments.Number("crowd", 200)),
            ("block", s_time.TotalSeconds),
            ("seconds", arguments.Time("seconds", 20).TotalSeconds),
            ("pause", arguments.Time("pause", 2).TotalSeconds),
            ("bound", arguments.Time("bound", 0.02).TotalSeconds),
            ("rest", arguments.Time("rest", 10).TotalSeconds)).ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
        await serving.ConfigureAwait(false);
        return Findings.Conclude($"{connections} connections");
    }

    private static async Task ServeAsync(Connection connection, CancellationToken stopping)
    {
        var buffer = new byte[1];
        while (await connection.ReadAsync(buffer, stopping).ConfigureAwait(false) > 0)
        {
            switch (buffer[0])
            {
                case Sleep:
                    Thread.Sleep(s_time);
                    break;
                case Burn:
                    var start = Stopwatch.GetTimestamp();
                    while (Stopwatch.GetElapsedTime(start) < s_time)
                    {
                    }

                    break;
            }

            await connection.WriteAsync(buffer, stopping).ConfigureAwait(false);
        }
    }
}
