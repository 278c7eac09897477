using System.Buffers;

namespace NetKit;

/// <summary>Takes the PROXY header off a connection, and not a byte that follows it.</summary>
internal static class ProxyHeaderReader
{
    // Enough for every header of version 1, and for most of version 2.
    private const int FirstBuffer = 256;

    /// <summary>Reads the header.</summary>
    /// <param name="connection">A connection of which nothing has been read.</param>
    /// <param name="longest">How long a header may be.</param>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    /// <exception cref="ConnectionException">
    /// With <see cref="ConnectionError.ProtocolViolation"/>: what came is no header, or too long. With <see cref="ConnectionError.Aborted"/>: the peer hung up.
    /// </exception>
    public static async ValueTask<ProxyHeader> ReadAsync(Connection connection, int longest, CancellationToken cancellationToken)
    {
        var buffer = new byte[FirstBuffer];
        var count = 0;
        while (true)
        {
            var parsed = ProxyHeader.Parse(buffer.AsSpan(0, count));
            if (parsed.Header is { } header)
            {
                return header;
            }

            if (parsed.Status != OperationStatus.NeedMoreData || parsed.Length > longest)
            {
                throw Failure(
                    connection,
                    ConnectionError.ProtocolViolation,
                    parsed.Status == OperationStatus.NeedMoreData ? $"it is longer than {longest} bytes" : "the peer sent something else, or one that is broken");
            }

            if (parsed.Length > buffer.Length)
            {
                Array.Resize(ref buffer, parsed.Length);
            }

            var read = await connection.ReadAsync(buffer.AsMemory(count, parsed.Length - count), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw Failure(connection, ConnectionError.Aborted, "the peer closed the connection before the end of it");
            }

            count += read;
        }
    }

    private static ConnectionException Failure(Connection connection, ConnectionError error, string detail) =>
        new(error, "PROXY header", connection.LocalEndPoint, connection.RemoteEndPoint, detail: detail);
}
