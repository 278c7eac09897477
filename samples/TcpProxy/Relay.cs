using System.Buffers;

namespace NetKit.Samples;

/// <summary>Two connections, and all that comes from one sent to the other, until both have finished or one is gone.</summary>
internal sealed class Relay(Connection client, Connection server)
{
    /// <summary>How much one read takes: large, for under load each is a system call and a wake-up saved.</summary>
    internal const int BufferSize = 128 * 1024;

    private ConnectionException? _failure;

    /// <summary>Relays in both directions.</summary>
    /// <param name="sent">Counts what the client sends.</param>
    /// <param name="received">Counts what the client receives.</param>
    /// <returns>Null when both have finished; else what ended it. Then both connections are reset.</returns>
    public async Task<ConnectionException?> RunAsync(ByteCount sent, ByteCount received)
    {
        var sending = PumpAsync(client, server, sent);
        await PumpAsync(server, client, received);
        await sending;
        return _failure;
    }

    private async Task PumpAsync(Connection source, Connection destination, ByteCount count)
    {
        try
        {
            await CopyAsync(source, destination, count);

            // Its end, and nothing more: the other direction may have much to say still.
            await destination.CompleteWritesAsync();
        }
        catch (ConnectionException failure)
        {
            // A reset is passed on as a reset. It also ends the other direction, whose failure then says only that.
            Interlocked.CompareExchange(ref _failure, failure, null);
            client.Abort();
            server.Abort();
        }
    }

    private static async Task CopyAsync(Connection source, Connection destination, ByteCount count)
    {
        byte[]? buffer = null;
        try
        {
            while (true)
            {
                // An empty read waits for data. Only while there is some is there a buffer: idle connections hold none.
                var waiting = source.ReadAsync(Memory<byte>.Empty);
                if (!waiting.IsCompleted)
                {
                    Return(ref buffer);
                }

                _ = await waiting;
                buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
                var length = await source.ReadAsync(buffer);
                if (length == 0)
                {
                    return;
                }

                // A destination that takes no more keeps us from reading more: so it is the source that waits, in the end.
                await destination.WriteAsync(buffer.AsMemory(0, length));
                count.Add(length);
            }
        }
        finally
        {
            Return(ref buffer);
        }
    }

    private static void Return(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }
    }
}
