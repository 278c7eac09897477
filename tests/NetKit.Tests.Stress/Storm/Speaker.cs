using System.Buffers.Binary;

namespace NetKit.Tests.Stress;

/// <summary>Speaks and understands the language of the storm, on one side of a connection.</summary>
/// <remarks>
/// A message is the number of its flow, a length, and so many bytes of the flow's pattern. So whatever reaches another
/// connection than its own is found out by whoever reads it.
/// </remarks>
internal abstract class Speaker : Watched
{
    protected const int LongestMessage = 3_000;

    private const int HeaderSize = 12;

    protected async Task<long> SendAsync(Connection connection, long flow, long position, int length)
    {
        var message = new byte[HeaderSize + length];
        BinaryPrimitives.WriteInt64LittleEndian(message, flow);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(sizeof(long)), length);
        Pattern.Of(flow, position, length).CopyTo(message.AsMemory(HeaderSize));
        Step("write");
        await connection.WriteAsync(message).ConfigureAwait(false);
        return position + length;
    }

    protected async Task<long> ReceiveAsync(Connection connection, long flow, long position) =>
        await TryReceiveAsync(connection, flow, position).ConfigureAwait(false) is >= 0 and var next
            ? next
            : throw new EndOfStreamException($"The end came after {position} bytes.");

    /// <summary>Reads a message; -1 when the end comes instead.</summary>
    protected async Task<long> TryReceiveAsync(Connection connection, long flow, long position)
    {
        var header = new byte[HeaderSize];
        Step("read");
        var count = await connection.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false).ConfigureAwait(false);
        if (count == 0)
        {
            return -1;
        }

        if (count < HeaderSize)
        {
            throw new EndOfStreamException("The end came within a header.");
        }

        var named = BinaryPrimitives.ReadInt64LittleEndian(header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(sizeof(long)));
        if (named != flow || length is < 0 or > LongestMessage)
        {
            throw new InvalidDataException($"Bytes of another connection: flow {named} and not {flow}, {length} bytes.");
        }

        await ReceivePatternAsync(connection, flow, position, length).ConfigureAwait(false);
        return position + length;
    }

    protected async Task ReceivePatternAsync(Connection connection, long flow, long position, int length)
    {
        var bytes = new byte[length];
        Step("read on");
        await connection.ReadExactlyAsync(bytes).ConfigureAwait(false);
        if (!Pattern.Matches(bytes, flow, position))
        {
            throw new InvalidDataException($"{length} bytes after {position} are not those of flow {flow}.");
        }
    }

    protected async Task ExpectEndAsync(Connection connection)
    {
        Step("read the end");
        if (await connection.ReadAsync(new byte[1]).ConfigureAwait(false) != 0)
        {
            throw new InvalidDataException("There is a byte beyond the end.");
        }
    }

    /// <summary>Reads on the side that is about to close.</summary>
    protected async Task ExpectClosedAsync(Connection connection)
    {
        try
        {
            var count = await connection.ReadAsync(new byte[1]).ConfigureAwait(false);
            Findings.Report($"{this}: a read on the side that closes ended with {count} bytes.");
        }
        catch (ConnectionException exception) when (exception.Error == ConnectionError.Closed)
        {
            // As it should.
        }
    }
}
