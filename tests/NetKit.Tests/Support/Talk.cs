namespace NetKit.Tests;

/// <summary>Small exchanges that show that two connections are each other's peer.</summary>
internal static class Talk
{
    public static async Task AssertBothWays(Connection first, Connection second)
    {
        await AssertOneWay(first, second);
        await AssertOneWay(second, first);
    }

    public static async Task<int> ReadByteAsync(Connection connection)
    {
        var buffer = new byte[1];
        return await connection.ReadAsync(buffer, TestContext.Current.CancellationToken).Within() == 0 ? -1 : buffer[0];
    }

    /// <summary>The next byte; -1 at the end, and when the peer is gone.</summary>
    public static async Task<int> TryReadByteAsync(Connection connection)
    {
        try
        {
            return await ReadByteAsync(connection);
        }
        catch (ConnectionException)
        {
            return -1;
        }
    }

    private static async Task AssertOneWay(Connection from, Connection to)
    {
        var message = Guid.NewGuid().ToByteArray();
        await from.WriteAsync(message, TestContext.Current.CancellationToken).Within();
        var received = new byte[message.Length];
        await to.ReadExactlyAsync(received, TestContext.Current.CancellationToken).Within();
        Assert.Equal(message, received);
    }
}
