namespace NetKit.Tests;

/// <summary>What the other side does while a test looks at this one.</summary>
internal static class Peer
{
    /// <summary>Sends back what comes, until the end.</summary>
    public static async Task EchoAsync(Connection connection)
    {
        var buffer = new byte[1024];
        int count;
        while ((count = await connection.ReadAsync(buffer)) > 0)
        {
            await connection.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    /// <summary>Sends zeros until it fails.</summary>
    public static async Task FloodAsync(Connection connection)
    {
        var buffer = new byte[1024];
        while (true)
        {
            await connection.WriteAsync(buffer);
        }
    }

    /// <summary>Reads to the end, and counts.</summary>
    public static async Task<long> DrainAsync(Connection connection)
    {
        var buffer = new byte[16 * 1024];
        var total = 0L;
        int count;
        while ((count = await connection.ReadAsync(buffer)) > 0)
        {
            total += count;
        }

        return total;
    }

    /// <summary>Reads to the end, and gives all of it.</summary>
    public static async Task<byte[]> ReadToEndAsync(Connection connection)
    {
        using var all = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await connection.ReadAsync(buffer)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }

    /// <summary>Reads to the end; what comes must be the beginning of what is expected. Gives its length.</summary>
    public static async Task<int> ReceiveBeginningOfAsync(Connection connection, ReadOnlyMemory<byte> expected)
    {
        var buffer = new byte[256 * 1024];
        var total = 0;
        int count;
        while ((count = await connection.ReadAsync(buffer)) > 0)
        {
            Assert.True(total + count <= expected.Length, $"{total + count} bytes came, of {expected.Length} sent.");
            Assert.True(
                buffer.AsSpan(0, count).SequenceEqual(expected.Span.Slice(total, count)),
                $"What came after {total} bytes differs from what was sent.");
            total += count;
        }

        return total;
    }

    /// <summary>Reads exactly so many bytes.</summary>
    public static async Task<byte[]> ReadAsync(Connection connection, int count)
    {
        var buffer = new byte[count];
        await connection.ReadExactlyAsync(buffer);
        return buffer;
    }
}
