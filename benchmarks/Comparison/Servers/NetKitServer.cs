using System.Buffers;
using System.Net;

namespace NetKit.Benchmarks;

/// <summary>NetKit's server, one handler per connection.</summary>
internal static class NetKitServer
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static int Start(Work work, int bufferSize, bool movesDeadlines)
    {
        var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ListenerOptions { Backlog = 4096 });
        var server = new ConnectionServer(
            listener,
            work switch
            {
                Work.Echo when movesDeadlines => (connection, _) => EchoWithDeadlinesAsync(connection, bufferSize),
                Work.Echo => (connection, _) => EchoAsync(connection, bufferSize),
                Work.Sink => (connection, _) => SinkAsync(connection, bufferSize),
                _ => (connection, _) => EchoWithoutBufferAsync(connection, bufferSize),
            });
        _ = server.RunAsync(CancellationToken.None);
        return ((IPEndPoint)listener.LocalEndPoint).Port;
    }

    private static async Task EchoAsync(Connection connection, int bufferSize)
    {
        Memory<byte> buffer = new byte[bufferSize];
        int count;
        while ((count = await connection.ReadAsync(buffer)) > 0)
        {
            await connection.WriteAsync(buffer[..count]);
        }
    }

    private static async Task EchoWithDeadlinesAsync(Connection connection, int bufferSize)
    {
        Memory<byte> buffer = new byte[bufferSize];
        while (true)
        {
            connection.ReadDeadline = Deadline.After(s_patience);
            var count = await connection.ReadAsync(buffer);
            if (count == 0)
            {
                return;
            }

            connection.WriteDeadline = Deadline.After(s_patience);
            await connection.WriteAsync(buffer[..count]);
        }
    }

    private static async Task SinkAsync(Connection connection, int bufferSize)
    {
        Memory<byte> buffer = new byte[bufferSize];
        while (await connection.ReadAsync(buffer) > 0)
        {
        }
    }

    private static async Task EchoWithoutBufferAsync(Connection connection, int bufferSize)
    {
        int count;
        do
        {
            _ = await connection.ReadAsync(Memory<byte>.Empty);
            var buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
            count = await connection.ReadAsync(buffer);
            if (count > 0)
            {
                await connection.WriteAsync(buffer.AsMemory(0, count));
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }
        while (count > 0);
    }
}
