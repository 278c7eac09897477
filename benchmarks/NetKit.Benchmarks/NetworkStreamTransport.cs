using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>The framework's stream over a socket.</summary>
internal sealed class NetworkStreamTransport(Socket socket) : Transport
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    public override async Task<long> PingAsync(long messages, Stopper stopper)
    {
        var done = 0L;
        for (; done < messages && !stopper.IsStopped; done++)
        {
            await _stream.WriteAsync(Buffer[..MessageSize]);
            for (var received = 0; received < MessageSize;)
            {
                var count = await _stream.ReadAsync(Buffer[received..]);
                received += count > 0 ? count : throw PeerLeft();
            }
        }

        return done;
    }

    public override async Task EchoAsync()
    {
        while (true)
        {
            var count = await _stream.ReadAsync(Buffer);
            if (count == 0)
            {
                return;
            }

            await _stream.WriteAsync(Buffer[..count]);
        }
    }

    public override async Task<long> ReadAsync(Memory<byte> buffer, long bytes, Stopper stopper)
    {
        var done = 0L;
        while (done < bytes && !stopper.IsStopped)
        {
            var count = await _stream.ReadAsync(buffer);
            done += count > 0 ? count : throw PeerLeft();
        }

        return done;
    }

    public override async Task<long> WriteAsync(ReadOnlyMemory<byte> buffer, long bytes, Stopper stopper)
    {
        var done = 0L;
        while (done < bytes && !stopper.IsStopped)
        {
            await _stream.WriteAsync(buffer);
            done += buffer.Length;
        }

        return done;
    }

    public override void Dispose() => _stream.Dispose();
}
