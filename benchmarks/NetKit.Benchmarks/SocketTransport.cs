using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>A plain socket: the baseline.</summary>
internal sealed class SocketTransport(Socket socket) : Transport
{
    public override async Task<long> PingAsync(long messages, Stopper stopper)
    {
        var done = 0L;
        for (; done < messages && !stopper.IsStopped; done++)
        {
            await socket.SendAsync(Buffer[..MessageSize], SocketFlags.None);
            for (var received = 0; received < MessageSize;)
            {
                var count = await socket.ReceiveAsync(Buffer[received..], SocketFlags.None);
                received += count > 0 ? count : throw PeerLeft();
            }
        }

        return done;
    }

    public override async Task EchoAsync()
    {
        while (true)
        {
            var count = await socket.ReceiveAsync(Buffer, SocketFlags.None);
            if (count == 0)
            {
                return;
            }

            await socket.SendAsync(Buffer[..count], SocketFlags.None);
        }
    }

    public override async Task<long> ReadAsync(Memory<byte> buffer, long bytes, Stopper stopper)
    {
        var done = 0L;
        while (done < bytes && !stopper.IsStopped)
        {
            var count = await socket.ReceiveAsync(buffer, SocketFlags.None);
            done += count > 0 ? count : throw PeerLeft();
        }

        return done;
    }

    public override async Task<long> WriteAsync(ReadOnlyMemory<byte> buffer, long bytes, Stopper stopper)
    {
        var done = 0L;
        while (done < bytes && !stopper.IsStopped)
        {
            await socket.SendAsync(buffer, SocketFlags.None);
            done += buffer.Length;
        }

        return done;
    }

    public override void Dispose() => socket.Dispose();
}
