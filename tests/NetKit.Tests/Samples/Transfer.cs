using System.Buffers.Binary;

namespace NetKit.Tests.Samples;

/// <summary>Many bytes there and many others back at the same time, each checked at its place; and both ends with a half-close.</summary>
internal static class Transfer
{
    /// <summary>As much as is sent at once.</summary>
    public const int ChunkSize = 64 * 1024;

    private const int HeaderLength = 16;

    // Not a multiple of any buffer's size: bytes that were lost, doubled or swapped are bytes that differ.
    private static readonly byte[] s_pattern = Payload.Random(1_000_003);

    /// <summary>The server's part: learns from the client how much, and does the same the other way round.</summary>
    public static async Task ServeAsync(Connection connection, Action? onChunk = null)
    {
        var header = new byte[HeaderLength];
        await connection.ReadExactlyAsync(header);
        var (seed, length) = (BinaryPrimitives.ReadInt64LittleEndian(header), BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8)));
        var receiving = ReceiveAsync(connection, seed, length);
        try
        {
            await SendAsync(connection, ~seed, length, onChunk);
        }
        finally
        {
            // Also when sending fails: what came until then must be right.
            await receiving;
        }
    }

    /// <summary>The client's part.</summary>
    public static async Task RunAsync(Connection connection, long seed, long length, Action<long>? onReceived = null)
    {
        var receiving = ReceiveAsync(connection, ~seed, length, onReceived);
        try
        {
            var header = new byte[HeaderLength];
            BinaryPrimitives.WriteInt64LittleEndian(header, seed);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), length);
            await connection.WriteAsync(header);
            await SendAsync(connection, seed, length);
        }
        finally
        {
            await receiving;
        }
    }

    private static async Task SendAsync(Connection connection, long seed, long length, Action? onChunk = null)
    {
        for (var sent = 0L; sent < length;)
        {
            var chunk = At(seed, sent, Math.Min(length - sent, ChunkSize));
            onChunk?.Invoke();
            await connection.WriteAsync(chunk);
            sent += chunk.Length;
        }

        await connection.CompleteWritesAsync();
    }

    private static async Task ReceiveAsync(Connection connection, long seed, long length, Action<long>? onReceived = null)
    {
        var buffer = new byte[ChunkSize];
        var received = 0L;
        while (await connection.ReadAsync(buffer) is var count and > 0)
        {
            for (var start = 0; start < count;)
            {
                var expected = At(seed, received, count - start).Span;
                if (!buffer.AsSpan(start, expected.Length).SequenceEqual(expected))
                {
                    Assert.Fail($"What came after {received} bytes differs from what was sent.");
                }

                start += expected.Length;
                received += expected.Length;
            }

            onReceived?.Invoke(received);
        }

        Assert.True(received == length, $"It ended as if it were whole, after {received} of {length} bytes.");
    }

    /// <summary>What stands at a place of the data: as much of it as there is in one piece.</summary>
    private static ReadOnlyMemory<byte> At(long seed, long position, long most)
    {
        var start = (int)((((ulong)seed % (ulong)s_pattern.Length) + (ulong)position) % (ulong)s_pattern.Length);
        return s_pattern.AsMemory(start, (int)Math.Min(most, s_pattern.Length - start));
    }
}
