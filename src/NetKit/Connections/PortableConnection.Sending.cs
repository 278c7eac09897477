using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetKit;

// Waiting for room, and sending several buffers with one call.
internal sealed partial class PortableConnection
{
    // The runtime pins this many buffers without allocating.
    private const int MostBuffersTogether = 8;

    [ThreadStatic]
    private static List<ArraySegment<byte>>? t_buffers;

    private protected override void PrepareToWait(WriteOperation operation)
    {
        _sendWait ??= new SendWait(this);

        // Settled first: the byte that the last wait sent is not the next any more.
        if (TrySettleSend(operation) && operation.TryPeek(out var next))
        {
            _sendWait.Start(next);
        }
    }

    private protected override void ArmSend()
    {
        // Began before the operation could be seen. If it has ended since, nobody else will look.
        if (_sendWait is not { IsUnderWay: true })
        {
            OnSendReady(inline: false);
        }
    }

    internal override bool TrySettleSend(WriteOperation operation)
    {
        if (_sendWait is not { } wait)
        {
            return true;
        }

        if (wait.IsUnderWay)
        {
            return false;
        }

        operation.Advance(wait.TakeSent());
        return true;
    }

    internal override void StopWaitingToSend() => _sendWait?.Stop();

    private long TrySendTogether(ReadOnlySequence<byte> buffers, out SocketError status)
    {
        if (_sendWait is { IsUnderWay: true })
        {
            status = SocketError.WouldBlock;
            return 0;
        }

        var total = 0L;
        status = SocketError.Success;
        while (!buffers.IsEmpty && status == SocketError.Success)
        {
            var sent = SendFirstBuffers(buffers, out status);
            total += sent;
            buffers = buffers.Slice(sent);
        }

        return total;
    }

    private int SendFirstBuffers(in ReadOnlySequence<byte> buffers, out SocketError status)
    {
        var batch = t_buffers ??= new List<ArraySegment<byte>>(MostBuffersTogether);
        _isSending = true;
        try
        {
            foreach (var segment in buffers)
            {
                if (segment.IsEmpty)
                {
                    continue;
                }

                if (batch.Count == MostBuffersTogether || !MemoryMarshal.TryGetArray(segment, out var array))
                {
                    // Native memory has no array to hand over: it goes by itself, once it is first.
                    return batch.Count > 0 ? Send(batch, out status) : TrySend(segment.Span, out status);
                }

                batch.Add(array);
            }

            status = SocketError.Success;
            return batch.Count > 0 ? Send(batch, out status) : 0;
        }
        catch (ObjectDisposedException)
        {
            status = SocketError.OperationAborted;
            return 0;
        }
        finally
        {
            _isSending = false;
            batch.Clear();
        }
    }

    private int Send(List<ArraySegment<byte>> batch, out SocketError status)
    {
        var sent = _socket.Send(batch, SocketFlags.None, out status);
        KeepSendError(status);
        return sent;
    }

    /// <summary>Waits for room by sending one byte, the next of the write: a send of nothing would not wait.</summary>
    /// <remarks>Either the byte went or it did not, also when the wait is stopped; so the write's count stays exact.</remarks>
    [SuppressMessage("Reliability", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
    private sealed class SendWait
    {
        private readonly PortableConnection _connection;
        private readonly byte[] _next = new byte[1];
        private readonly Action _onCompleted;
        private CancellationTokenSource _stop = new();
        private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _send;
        private int _underWay;
        private int _sent;

        public SendWait(PortableConnection connection)
        {
            _connection = connection;
            _onCompleted = () => OnCompleted(inline: true);
        }

        public bool IsUnderWay => Volatile.Read(ref _underWay) != 0;

        public void Start(byte next)
        {
            if (_stop.IsCancellationRequested)
            {
                _stop = new CancellationTokenSource();
            }

            _next[0] = next;
            Interlocked.Exchange(ref _underWay, 1);
            try
            {
                _send = _connection._socket.SendAsync(_next, SocketFlags.None, _stop.Token).ConfigureAwait(false).GetAwaiter();
            }
            catch (ObjectDisposedException)
            {
                Interlocked.Exchange(ref _underWay, 0);
                return;
            }

            if (_send.IsCompleted)
            {
                OnCompleted(inline: false);
            }
            else
            {
                _send.UnsafeOnCompleted(_onCompleted);
            }
        }

        /// <summary>Asks the wait to end soon. Its end is reported as ever.</summary>
        public void Stop()
        {
            if (IsUnderWay)
            {
                _stop.Cancel();
            }
        }

        /// <summary>Counts the byte that the last wait sent, once.</summary>
        public int TakeSent() => Interlocked.Exchange(ref _sent, 0);

        private void OnCompleted(bool inline)
        {
            try
            {
                Volatile.Write(ref _sent, _send.GetResult());
            }
            catch (SocketException exception)
            {
                // Not sent. The next send says so too, but not any more why.
                _connection.KeepSendError(exception.SocketErrorCode);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                // Not sent.
            }

            Interlocked.Exchange(ref _underWay, 0);
            _connection.OnSendWaitEnded();
            _connection.OnSendReady(inline);
        }
    }
}
