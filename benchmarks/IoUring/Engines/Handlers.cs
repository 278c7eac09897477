using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>What the servers do with a connection, written as a user of NetKit would write it.</summary>
internal sealed class Handlers(string mode, int bufferSize, Variant variant)
{
    /// <summary>Begins to serve a connection. Whatever a handler waits for, it goes on with on the loop's thread.</summary>
    public void Begin(LoopConnection connection) => _ = RunAsync(connection);

    private async Task RunAsync(LoopConnection connection)
    {
        try
        {
            await (mode switch
            {
                "echo" => variant.Lends ? EchoBorrowedAsync(connection) : EchoAsync(connection, NewBuffer()),
                "sink" => variant.Lends ? SinkBorrowedAsync(connection) : SinkAsync(connection, NewBuffer()),
                _ => throw new ArgumentException($"There is no mode {mode}; there are echo and sink."),
            });
        }
        catch (IOException)
        {
            // A peer that went away is the end of its connection.
        }
        catch (Exception exception)
        {
            Environment.FailFast("A handler failed.", exception);
        }

        connection.Close();
    }

    private static async Task EchoAsync(LoopConnection connection, Memory<byte> buffer)
    {
        int count;
        while ((count = await connection.ReadAsync(buffer)) > 0)
        {
            await connection.WriteAsync(buffer[..count]);
        }
    }

    private static async Task EchoBorrowedAsync(LoopConnection connection)
    {
        while (await connection.BorrowAsync() > 0)
        {
            await connection.WriteAsync(connection.Borrowed);
            connection.Return();
        }
    }

    private static async Task SinkAsync(LoopConnection connection, Memory<byte> buffer)
    {
        while (await connection.ReadAsync(buffer) > 0)
        {
        }
    }

    private static async Task SinkBorrowedAsync(LoopConnection connection)
    {
        while (await connection.BorrowAsync() > 0)
        {
            connection.Return();
        }
    }

    private Memory<byte> NewBuffer() => variant.PinnedBuffers
        ? MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(bufferSize, pinned: true), 0, bufferSize)
        : new byte[bufferSize];
}
