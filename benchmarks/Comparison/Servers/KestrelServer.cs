using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace NetKit.Benchmarks;

/// <summary>Kestrel's socket transport without the rest of Kestrel: pipes filled and emptied by its own loops.</summary>
internal static class KestrelServer
{
    public static async Task<int> StartAsync(Work work)
    {
        var factory = new SocketTransportFactory(
            Options.Create(new SocketTransportOptions { Backlog = 4096 }), NullLoggerFactory.Instance);
        var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        _ = AcceptAsync(listener, work);
        return ((IPEndPoint)listener.EndPoint).Port;
    }

    private static async Task AcceptAsync(IConnectionListener listener, Work work)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            _ = work == Work.Sink ? SinkAsync(connection) : EchoAsync(connection);
        }
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            var (input, output) = (connection.Transport.Input, connection.Transport.Output);
            while (await input.ReadAsync() is { Buffer: { IsEmpty: false } buffer })
            {
                foreach (var segment in buffer)
                {
                    await output.WriteAsync(segment);
                }

                input.AdvanceTo(buffer.End);
            }
        }
    }

    private static async Task SinkAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            var input = connection.Transport.Input;
            while (await input.ReadAsync() is { Buffer: { IsEmpty: false } buffer })
            {
                input.AdvanceTo(buffer.End);
            }
        }
    }
}
