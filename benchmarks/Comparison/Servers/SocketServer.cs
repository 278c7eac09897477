using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>Plain sockets, asynchronous, one task per connection.</summary>
internal static class SocketServer
{
    public static int Start(Work work, int bufferSize)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        _ = AcceptAsync(listener, work, bufferSize);
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private static async Task AcceptAsync(Socket listener, Work work, int bufferSize)
    {
        while (true)
        {
            var socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            _ = ServeAsync(socket, work, bufferSize);
        }
    }

    private static async Task ServeAsync(Socket socket, Work work, int bufferSize)
    {
        try
        {
            await (work switch
            {
                Work.Echo => EchoAsync(socket, bufferSize),
                Work.Sink => SinkAsync(socket, bufferSize),
                _ => EchoWithoutBufferAsync(socket, bufferSize),
            });
        }
        catch (SocketException)
        {
            // A client that went away is the end of its connection.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private static async Task EchoAsync(Socket socket, int bufferSize)
    {
        Memory<byte> buffer = new byte[bufferSize];
        int count;
        while ((count = await socket.ReceiveAsync(buffer, SocketFlags.None)) > 0)
        {
            await socket.SendAsync(buffer[..count], SocketFlags.None);
        }
    }

    private static async Task SinkAsync(Socket socket, int bufferSize)
    {
        Memory<byte> buffer = new byte[bufferSize];
        while (await socket.ReceiveAsync(buffer, SocketFlags.None) > 0)
        {
        }
    }

    private static async Task EchoWithoutBufferAsync(Socket socket, int bufferSize)
    {
        int count;
        do
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
            var buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
            count = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None);
            if (count > 0)
            {
                await socket.SendAsync(buffer.AsMemory(0, count), SocketFlags.None);
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }
        while (count > 0);
    }
}
