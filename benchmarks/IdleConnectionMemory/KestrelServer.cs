using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace NetKit.Benchmarks;

/// <summary>Kestrel's socket transport without Kestrel's HTTP: the same service as the others'.</summary>
internal sealed class KestrelServer : IdleServer
{
    private int _count;

    public override int Count => Volatile.Read(ref _count);

    public override async Task<int> StartAsync()
    {
        var factory = new SocketTransportFactory(
            Options.Create(new SocketTransportOptions { Backlog = 4096 }), NullLoggerFactory.Instance);
        var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        _ = AcceptAsync(listener);
        return ((IPEndPoint)listener.EndPoint).Port;
    }

    private async Task AcceptAsync(IConnectionListener listener)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            Interlocked.Increment(ref _count);
            _ = EchoAsync(connection);
        }
    }

    private async Task EchoAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            var (input, output) = (connection.Transport.Input, connection.Transport.Output);
            while (await input.ReadAsync() is { IsCompleted: false, Buffer: var buffer })
            {
                foreach (var segment in buffer)
                {
                    await output.WriteAsync(segment);
                }

                input.AdvanceTo(buffer.End);
            }
        }

        Interlocked.Decrement(ref _count);
    }
}
