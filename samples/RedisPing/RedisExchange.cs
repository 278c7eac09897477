namespace NetKit.Samples;

/// <summary>Sends one command on a connection and reads the one value that answers it.</summary>
internal static class RedisExchange
{
    /// <exception cref="RespFormatException">The answer is not RESP2, or more came than was asked for.</exception>
    /// <exception cref="ConnectionException">The connection failed, or the server hung up before the answer was complete.</exception>
    public static async ValueTask<RespValue> RunAsync(
        Connection connection, ReadOnlyMemory<byte> command, Deadline deadline, CancellationToken cancellationToken)
    {
        connection.SetDeadline(deadline);
        await connection.WriteAsync(command, cancellationToken);
        using var reader = new RespReader(connection);
        var answer = await ReadAsync(connection, reader, cancellationToken) ?? throw HungUp(connection, "before its answer");
        return reader.HasMore ? throw new RespFormatException("more came than one answer to one command") : answer;
    }

    public static ValueTask<RespValue> RunAsync(
        Connection connection, Deadline deadline, CancellationToken cancellationToken, params IEnumerable<string> command) =>
        RunAsync(connection, RespEncoder.Encode(RespValue.Command(command)), deadline, cancellationToken);

    private static async ValueTask<RespValue?> ReadAsync(Connection connection, RespReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(cancellationToken);
        }
        catch (EndOfStreamException e)
        {
            throw HungUp(connection, "in the middle of its answer", e);
        }
    }

    // A failure like any other of a connection, for those who go by its kind.
    private static ConnectionException HungUp(Connection connection, string when, Exception? inner = null) => new(
        ConnectionError.Reset, "read", connection.LocalEndPoint, connection.RemoteEndPoint, inner, detail: $"the server hung up {when}");
}
