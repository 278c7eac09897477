using System.Buffers;

namespace NetKit.Samples;

/// <summary>Messages of one size on a byte stream.</summary>
internal sealed class TcpLoadConnection(Connection connection, int size) : ILoadConnection
{
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => connection.WriteAsync(message, cancellationToken);

    public async ValueTask<bool> ReceiveAsync(ReceivedHandler look, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var count = await connection.ReadAtLeastAsync(buffer.AsMemory(0, size), size, throwOnEndOfStream: false, cancellationToken);
            if (count == size)
            {
                look(buffer.AsSpan(0, size));
            }

            return count == size || (count == 0 ? false : throw new EndOfStreamException());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
