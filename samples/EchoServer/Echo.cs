using System.Buffers;
using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

/// <summary>Sends each peer back what it sends, until it finishes, falls silent or the server stops.</summary>
internal sealed class Echo(TimeSpan idleTimeout, ILogger logger)
{
    private const int BufferSize = 16 * 1024;

    public async Task HandleAsync(Connection connection, CancellationToken stopping)
    {
        connection.ReadTimeout = connection.WriteTimeout = (int)idleTimeout.TotalMilliseconds;
        long echoed = 0;
        string end;
        try
        {
            while (await EchoOnceAsync(connection, stopping) is > 0 and var count)
            {
                echoed += count;
            }

            end = "the peer finished";
        }
        catch (DeadlineExceededException e)
        {
            end = e.Operation == "write" ? "the peer does not read" : "the peer is idle";
        }
        catch (ConnectionException e)
        {
            end = e.Error == ConnectionError.Closed ? "its time to finish was over" : "the peer is gone";
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            end = "the server stops";
        }

        Log.Ended(logger, connection, end, echoed);
    }

    private static async ValueTask<int> EchoOnceAsync(Connection connection, CancellationToken stopping)
    {
        // An empty read waits for data without holding a buffer: thousands of idle peers cost none.
        _ = await connection.ReadAsync(Memory<byte>.Empty, stopping);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // Stopping ends the wait for more, never the answer to what has been read.
            var count = await connection.ReadAsync(buffer.AsMemory(0, BufferSize), stopping);
            await connection.WriteAsync(buffer.AsMemory(0, count), CancellationToken.None);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
