using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>A NetKit connection that never has a deadline.</summary>
internal sealed class ConnectionTransport(Socket socket) : Transport
{
    private readonly Connection _connection = Connection.FromSocket(socket);

    public override async Task<long> PingAsync(long messages, Stopper stopper)
    {
        var done = 0L;
        for (; done < messages && !stopper.IsStopped; done++)
        {
            await _connection.WriteAsync(Buffer[..MessageSize]);
            for (var received = 0; received < MessageSize;)
            {
                var count = await _connection.ReadAsync(Buffer[received..]);
                received += count > 0 ? count : throw PeerLeft();
            }
        }

        return done;
    }

    public override async Task EchoAsync()
    {
        while (true)
        {
            var count = await _connection.ReadAsync(Buffer);
            if (count == 0)
            {
                return;
            }

            await _connection.WriteAsync(Buffer[..count]);
        }
    }

    public override async Task<long> ReadAsync(Memory<byte> buffer, long bytes, Stopper stopper)
    {
        var done = 0L;
        while (done < bytes && !stopper.IsStopped)
        {
            var count = await _connection.ReadAsync(buffer);
            done += count > 0 ? count : throw PeerLeft();
        }

        return done;
    }

    public override async Task<long> WriteAsync(ReadOnlyMemory<byte> buffer, long bytes, Stopper stopper)
    {
        var done = 0L;
        while (done < bytes && !stopper.IsStopped)
        {
            await _connection.WriteAsync(buffer);
            done += buffer.Length;
        }

        return done;
    }

    public override void Dispose() => _connection.Dispose();
}
