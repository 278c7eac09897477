using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Runs a connection on any duplex stream.</summary>
/// <remarks>
/// A stream cannot be asked "without waiting", and what it is told to read or write cannot be taken back. So one read and
/// one write at a time run on it with buffers of our own, and operations of the connection come and go around them: the
/// read's buffer and the write's buffer play the part of a socket's kernel buffers.
/// </remarks>
internal sealed class StreamConnection : ReadinessConnection
{
    // How long a close waits for a stream to take what was written.
    private static readonly TimeSpan s_drainTime = TimeSpan.FromSeconds(5);

    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly StreamReceiver _receiver;
    private readonly StreamSender _sender;
    private readonly CancellationTokenSource _stop = new();
    private SocketEndPoints _endPoints;

    public StreamConnection(Stream stream, bool leaveOpen)
        : base(DeadlineScheduler.For(timeProvider: null))
    {
        if (!stream.CanRead || !stream.CanWrite)
        {
            throw new ArgumentException(
                $"A connection needs a stream that can read and write; this {stream.GetType().Name} cannot {(stream.CanRead ? "write" : "read")}.",
                nameof(stream));
        }

        _stream = stream;
        _leaveOpen = leaveOpen;
        _receiver = new StreamReceiver(stream, OnReceiveReadyElsewhere, _stop.Token);
        _sender = new StreamSender(stream, () => OnSendReady(inline: false), _stop.Token);
    }

    public override EndPoint? LocalEndPoint => (_stream as Connection)?.LocalEndPoint ?? _endPoints.Local(Socket);

    public override EndPoint? RemoteEndPoint => (_stream as Connection)?.RemoteEndPoint ?? _endPoints.Remote(Socket);

    public override Socket? Socket => _stream switch
    {
        Connection connection => connection.Socket,
        NetworkStream network => network.Socket,
        _ => null,
    };

    private protected override bool IsTransport => false;

    internal override int TryReceive(Span<byte> buffer, out SocketError status) => _receiver.TryReceive(buffer, out status);

    internal override int TrySend(ReadOnlySpan<byte> buffer, out SocketError status) => _sender.TrySend(buffer, out status);

    internal override long TrySend(in ReadOnlySequence<byte> buffers, out SocketError status)
    {
        if (buffers.IsEmpty)
        {
            return TrySend(ReadOnlySpan<byte>.Empty, out status);
        }

        return base.TrySend(buffers, out status);
    }

    private protected override IdleState LookAhead()
    {
        // Begins to read if nothing reads yet: what comes is kept for the next read, as ever.
        _receiver.TryWait();
        return _receiver.LookAhead();
    }

    private protected override void ArmReceive()
    {
        if (!_receiver.TryWait())
        {
            OnReceiveReady(inline: false);
        }
    }

    private protected override void ArmSend()
    {
        if (!_sender.TryWait())
        {
            OnSendReady(inline: false);
        }
    }

    private protected override Exception CauseOf(string operation, SocketError status) =>
        (operation == "read" ? _receiver.Failure : _sender.Failure) ?? base.CauseOf(operation, status);

    private protected override void ShutdownSend()
    {
        Func<ValueTask> end = _stream switch
        {
            Connection connection => () => connection.CompleteWritesAsync(_stop.Token),
            SslStream tls => () => new ValueTask(tls.ShutdownAsync()),
            NetworkStream network => () =>
            {
                network.Socket.Shutdown(SocketShutdown.Send);
                return ValueTask.CompletedTask;
            },
            _ => throw new NotSupportedException(
                $"{_stream.GetType().Name} has no half-close: it cannot end its writes and go on reading."),
        };
        _sender.SendEnd(end);
    }

    private protected override async ValueTask ReleaseAsync()
    {
        _endPoints.Remember(Socket);
        try
        {
            await _sender.WaitAsync().WaitAsync(Deadline.After(s_drainTime)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The stream takes no more; what is on its way is lost with it.
        }

        try
        {
            if (_leaveOpen)
            {
                // The stream outlives us, the read we left running on it must not.
                await _stop.CancelAsync().ConfigureAwait(false);
                return;
            }

            ShutdownSocket();
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A polite end was tried, and a stranger's stream throws what it likes. Closing does not fail.
        }
    }

    private protected override void Release()
    {
        _endPoints.Remember(Socket);
        try
        {
            if (_leaveOpen)
            {
                _stop.Cancel();
                return;
            }

            ShutdownSocket();
            _stream.Dispose();
        }
        catch (Exception)
        {
            // A polite end was tried, and a stranger's stream throws what it likes. Closing does not fail.
        }
    }

    // A socket disposed with a receive under way resets the connection, unless it was shut down; and one mostly is under way.
    private void ShutdownSocket()
    {
        try
        {
            (_stream as NetworkStream)?.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer is gone already, and so is the need for an end.
        }
    }

    private protected override void Reset()
    {
        _endPoints.Remember(Socket);
        switch (_stream)
        {
            case Connection connection:
                connection.Abort();
                break;
            case NetworkStream network:
                network.Socket.Close(timeout: 0);
                break;
            default:
                Release();
                break;
        }
    }
}
