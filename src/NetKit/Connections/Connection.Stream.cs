using System.Buffers;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace NetKit;

// Everything that Stream forces on a connection, sealed in one place. All of it comes down to ReadAsync and WriteAsync.
public abstract partial class Connection
{
    /// <summary>
    /// The buffer of <see cref="CopyToAsync(Stream, int, CancellationToken)"/> when none is asked for. benchmarks/README.md
    /// shows why: fewer system calls than with less, and an array that is not yet a large object.
    /// </summary>
    internal const int DefaultCopyBufferSize = 64 * 1024;

    // A closer that cannot await gives pending operations this long to leave. They never need it: none of them blocks.
    private static readonly TimeSpan s_closePatience = TimeSpan.FromSeconds(1);

    /// <summary>Always true.</summary>
    public sealed override bool CanRead => true;

    /// <summary>Always true.</summary>
    public sealed override bool CanWrite => true;

    /// <summary>Always true.</summary>
    public sealed override bool CanTimeout => true;

    /// <summary>Always false.</summary>
    public sealed override bool CanSeek => false;

    /// <summary>Not supported: a connection has no length.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override long Length => throw new NotSupportedException("A connection has no length.");

    /// <summary>Not supported: a connection has no position.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override long Position
    {
        get => throw new NotSupportedException("A connection has no position.");
        set => throw new NotSupportedException("A connection has no position.");
    }

    /// <summary>Not supported: a connection cannot seek.</summary>
    /// <param name="offset">Not used.</param>
    /// <param name="origin">Not used.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A connection cannot seek.");

    /// <summary>Not supported: a connection has no length.</summary>
    /// <param name="value">Not used.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override void SetLength(long value) => throw new NotSupportedException("A connection has no length.");

    /// <summary>Reads the next bytes that the peer sent; waits until there is at least one.</summary>
    /// <param name="buffer">
    /// Where the bytes go. Empty: waits until a read would not have to wait, and holds no buffer meanwhile. (Analyzer CA2022
    /// wants the result taken, <c>_ = await ...</c>, though such a read has none.)
    /// </param>
    /// <param name="cancellationToken">Ends this read only; nothing is lost.</param>
    /// <returns>The number of bytes read; 0 when the peer has finished sending, or when the buffer is empty.</returns>
    /// <exception cref="DeadlineExceededException">The read deadline or timeout passed first. Nothing is lost: read on after moving it.</exception>
    /// <exception cref="ConnectionException">The peer reset the connection, or it was closed on this side.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public sealed override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ReceiveAsync(buffer, cancellationToken);

    /// <summary>As <see cref="ReadAsync(Memory{byte}, CancellationToken)"/>, into part of an array.</summary>
    /// <param name="buffer">The array.</param>
    /// <param name="offset">Where in the array the bytes go.</param>
    /// <param name="count">How many bytes at the most.</param>
    /// <param name="cancellationToken">Ends this read only; nothing is lost.</param>
    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReceiveAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Writes all the bytes of the buffer.</summary>
    /// <param name="buffer">The bytes. Empty: checks deadline and state, and sends nothing.</param>
    /// <param name="cancellationToken">Ends this write only. How much had been sent is then unknown, unless a deadline is used instead.</param>
    /// <exception cref="DeadlineExceededException">The write deadline or timeout passed first; <see cref="ConnectionException.BytesTransferred"/> says how much was taken.</exception>
    /// <exception cref="ConnectionException">The peer is gone, or the connection was closed on this side.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public sealed override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        SendAsync(buffer, cancellationToken);

    /// <summary>As <see cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>, from part of an array.</summary>
    /// <param name="buffer">The array.</param>
    /// <param name="offset">Where in the array the bytes begin.</param>
    /// <param name="count">How many bytes.</param>
    /// <param name="cancellationToken">Ends this write only.</param>
    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return SendAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Does nothing: a write has reached the transport when it ends.</summary>
    public sealed override void Flush()
    {
    }

    /// <summary>Does nothing: a write has reached the transport when it ends.</summary>
    /// <param name="cancellationToken">Looked at once.</param>
    public sealed override Task FlushAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;

    /// <summary>As ReadAsync, blocking the calling thread. Prefer the asynchronous form.</summary>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="offset">Where in the array the bytes go.</param>
    /// <param name="count">How many bytes at the most.</param>
    public sealed override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return BlockingWait.For(ReceiveAsync(buffer.AsMemory(offset, count), CancellationToken.None));
    }

    /// <summary>As ReadAsync, blocking the calling thread. Prefer the asynchronous form.</summary>
    /// <param name="buffer">Where the bytes go.</param>
    public sealed override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return BlockingWait.For(ReceiveAsync(Memory<byte>.Empty, CancellationToken.None));
        }

        var rented = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length, DefaultCopyBufferSize));
        try
        {
            var most = Math.Min(buffer.Length, rented.Length);
            var count = BlockingWait.For(ReceiveAsync(rented.AsMemory(0, most), CancellationToken.None));
            rented.AsSpan(0, count).CopyTo(buffer);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Reads one byte, blocking the calling thread; -1 at the end.</summary>
    public sealed override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 0 ? -1 : one[0];
    }

    /// <summary>As WriteAsync, blocking the calling thread. Prefer the asynchronous form.</summary>
    /// <param name="buffer">The array.</param>
    /// <param name="offset">Where in the array the bytes begin.</param>
    /// <param name="count">How many bytes.</param>
    public sealed override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        BlockingWait.For(SendAsync(buffer.AsMemory(offset, count), CancellationToken.None));
    }

    /// <summary>As WriteAsync, blocking the calling thread. Prefer the asynchronous form.</summary>
    /// <param name="buffer">The bytes.</param>
    public sealed override void Write(ReadOnlySpan<byte> buffer)
    {
        // One copy of the whole, not chunks: the bytes of one write must stay together, and its count must be exact.
        var rented = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            buffer.CopyTo(rented);
            BlockingWait.For(SendAsync(rented.AsMemory(0, buffer.Length), CancellationToken.None));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Writes one byte, blocking the calling thread.</summary>
    /// <param name="value">The byte.</param>
    public sealed override void WriteByte(byte value) => Write([value]);

    /// <summary>Begins a read in the style of .NET Framework 1. Prefer ReadAsync.</summary>
    /// <param name="buffer">The array.</param>
    /// <param name="offset">Where in the array the bytes go.</param>
    /// <param name="count">How many bytes at the most.</param>
    /// <param name="callback">Is called at the end; null for none.</param>
    /// <param name="state">What <see cref="IAsyncResult.AsyncState"/> shows.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    /// <summary>Ends a read begun with BeginRead.</summary>
    /// <param name="asyncResult">What BeginRead gave.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    /// <summary>Begins a write in the style of .NET Framework 1. Prefer WriteAsync.</summary>
    /// <param name="buffer">The array.</param>
    /// <param name="offset">Where in the array the bytes begin.</param>
    /// <param name="count">How many bytes.</param>
    /// <param name="callback">Is called at the end; null for none.</param>
    /// <param name="state">What <see cref="IAsyncResult.AsyncState"/> shows.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(WriteAsync(buffer, offset, count, CancellationToken.None), callback, state);

    /// <summary>Ends a write begun with BeginWrite.</summary>
    /// <param name="asyncResult">What BeginWrite gave.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public sealed override void EndWrite(IAsyncResult asyncResult) => TaskToAsyncResult.End(asyncResult);

    /// <summary>Copies what the peer sends to a stream, until the peer has finished.</summary>
    /// <param name="destination">Where the bytes go. May be this connection: that is an echo.</param>
    /// <param name="bufferSize">The size of the buffer in bytes; it is rented only while there is data to copy.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    public sealed override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);

        // What Stream's own overloads pass when the caller named no size.
        const int NotChosen = 81920;
        var size = bufferSize == NotChosen ? DefaultCopyBufferSize : bufferSize;
        while (true)
        {
            await ReceiveAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            var rented = ArrayPool<byte>.Shared.Rent(size);
            try
            {
                var count = await ReceiveAsync(rented, cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    return;
                }

                await destination.WriteAsync(rented.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>As CopyToAsync, blocking the calling thread.</summary>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="bufferSize">The size of the buffer in bytes.</param>
    public sealed override void CopyTo(Stream destination, int bufferSize) =>
        BlockingWait.For(new ValueTask(CopyToAsync(destination, bufferSize, CancellationToken.None)));

    /// <summary>Closes the connection politely: the peer gets all the data written, then the end.</summary>
    /// <remarks>
    /// Pending operations fail with <see cref="ConnectionError.Closed"/>; when this ends, none of them touches a buffer any
    /// more. Takes a bounded time and never throws. Idempotent.
    /// </remarks>
    [SuppressMessage("Usage", "CA2215", Justification = "Stream's own form closes synchronously, on a thread that must not block.")]
    public sealed override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return CloseAsync();
    }

    /// <summary>As <see cref="DisposeAsync"/>, for callers that cannot await.</summary>
    /// <param name="disposing">Whether this is not the finalizer.</param>
    protected sealed override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close(s_closePatience);
        }

        base.Dispose(disposing);
    }
}
