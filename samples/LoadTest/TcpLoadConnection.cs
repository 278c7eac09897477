using System.Buffers;

namespace NetKit.Samples;

/// <summary>Messages of one size on a byte stream.</summary>
internal sealed class TcpLoadConnection(Connection connection, int size) : ILoadConnection
{
    public ValueTask SendAsync(ReadOnlyMemory<byte> message) => connection.WriteAsync(message);

    public async ValueTask<bool> ReceiveAsync(ReceivedHandler isEnough)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            while (true)
            {
                var count = await connection.ReadAtLeastAsync(buffer.AsMemory(0, size), size, throwOnEndOfStream: false);
                if (count < size)
                {
                    return count == 0 ? false : throw new EndOfStreamException();
                }

                if (isEnough(buffer.AsSpan(0, size)))
                {
                    return true;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public ValueTask<bool> SayGoodbyeAsync() => new(false);

    public void Abort() => connection.Abort();

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
