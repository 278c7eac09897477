namespace NetKit.Tests;

/// <summary>The ways in which Stream reads.</summary>
public enum ReadOverload
{
    MemoryAsync,
    ArrayAsync,
    Begin,
    ExactlyAsync,
    AtLeastAsync,
    CopyToAsync,
    Span,
    Array,
    Byte,
    Exactly,
    AtLeast,
    CopyTo,
}

internal static class ReadOverloads
{
    /// <summary>Reads up to so many bytes, or as many as the overload wants. The blocking ones run on a thread of their own.</summary>
    public static Task<byte[]> ReadAsync(this ReadOverload overload, Connection connection, int count)
    {
        var buffer = new byte[count];
        var copy = new MemoryStream();
        return overload switch
        {
            ReadOverload.MemoryAsync => Counted(connection.ReadAsync(buffer).AsTask()),
            ReadOverload.ArrayAsync => Counted(connection.ReadAsync(buffer, 0, count, CancellationToken.None)),
            ReadOverload.Begin => Counted(BeginAndEnd()),
            ReadOverload.ExactlyAsync => Whole(connection.ReadExactlyAsync(buffer).AsTask()),
            ReadOverload.AtLeastAsync => Counted(connection.ReadAtLeastAsync(buffer, 1).AsTask()),
            ReadOverload.CopyToAsync => Copied(connection.CopyToAsync(copy)),
            ReadOverload.Span => Counted(Waiting.OnThread(() => connection.Read(buffer.AsSpan()))),
            ReadOverload.Array => Counted(Waiting.OnThread(() => connection.Read(buffer, 0, count))),
            ReadOverload.Byte => Waiting.OnThread(() => new[] { checked((byte)connection.ReadByte()) }),
            ReadOverload.Exactly => Whole(Waiting.OnThread(() => connection.ReadExactly(buffer))),
            ReadOverload.AtLeast => Counted(Waiting.OnThread(() => connection.ReadAtLeast(buffer, 1))),
            ReadOverload.CopyTo => Copied(Waiting.OnThread(() => connection.CopyTo(copy))),
            _ => throw new ArgumentOutOfRangeException(nameof(overload)),
        };

        async Task<byte[]> Counted(Task<int> read) => buffer[..await read];

        async Task<byte[]> Whole(Task read)
        {
            await read;
            return buffer;
        }

        async Task<byte[]> Copied(Task copying)
        {
            await copying;
            return copy.ToArray();
        }

        Task<int> BeginAndEnd()
        {
            var ended = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            connection.BeginRead(buffer, 0, count, result =>
            {
                try
                {
                    ended.SetResult(connection.EndRead(result));
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
