using System.Net;

namespace NetKit.Tests.Stress;

/// <summary>Holds many connections that wait under deadlines far away: that must cost no wake-up at all.</summary>
internal static class Idle
{
    public static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var connections = arguments.Number("connections", 10_000);
        var time = arguments.Time("seconds", 10);
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ListenerOptions { Backlog = 4096 });
        await using var server = new ConnectionServer(listener, EchoAsync);
        var serving = server.RunAsync(CancellationToken.None);
        await ClientProcess.RunAsync(
            "idle-clients",
            ("server", Environment.ProcessId),
            ("port", ((IPEndPoint)listener.LocalEndPoint).Port),
            ("connections", connections),
            ("seconds", time.TotalSeconds)).ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
        await serving.ConfigureAwait(false);
        return Findings.Conclude($"{connections} connections");
    }

    private static async Task EchoAsync(Connection connection, CancellationToken stopping)
    {
        var buffer = new byte[1];
        while (true)
        {
            connection.ReadDeadline = Deadline.After(Patience);
            if (await connection.ReadAsync(buffer, stopping).ConfigureAwait(false) == 0)
            {
                return;
            }

            await connection.WriteAsync(buffer, stopping).ConfigureAwait(false);
        }
    }
}
