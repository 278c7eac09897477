namespace NetKit.Tests;

/// <summary>The ways in which Stream, and a connection besides, writes.</summary>
public enum WriteOverload
{
    MemoryAsync,
    ArrayAsync,
    SequenceAsync,
    Begin,
    Span,
    Array,
}

internal static class WriteOverloads
{
    /// <summary>Writes all the bytes. The blocking ones run on a thread of their own.</summary>
    public static Task WriteAsync(this WriteOverload overload, Connection connection, byte[] bytes)
    {
        return overload switch
        {
            WriteOverload.MemoryAsync => connection.WriteAsync(bytes).AsTask(),
            WriteOverload.ArrayAsync => connection.WriteAsync(bytes, 0, bytes.Length, CancellationToken.None),
            WriteOverload.SequenceAsync => connection.WriteAsync(Sequences.Cut(bytes, 3)).AsTask(),
            WriteOverload.Begin => BeginAndEnd(),
            WriteOverload.Span => Waiting.OnThread(() => connection.Write(bytes.AsSpan())),
            WriteOverload.Array => Waiting.OnThread(() => connection.Write(bytes, 0, bytes.Length)),
            _ => throw new ArgumentOutOfRangeException(nameof(overload)),
        };

        Task BeginAndEnd()
        {
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            connection.BeginWrite(bytes, 0, bytes.Length, result =>
            {
                try
                {
                    connection.EndWrite(result);
                    ended.SetResult();
                }
                catch (IOException exception)
                {
                    ended.SetException(exception);
                }
            }, state: null);
            return ended.Task;
        }
    }
}
