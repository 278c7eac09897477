using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace NetKit;

// The ends of a connection.
internal sealed partial class PolledConnection
{
    private protected override void ShutdownSend()
    {
        if (!_descriptor.TryUse(out var descriptor))
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }

        var status = Libc.Shutdown(descriptor, Libc.ShutdownSend) == 0 ? SocketError.Success : Errno.LastSocketError;
        _descriptor.Leave();
        if (status != SocketError.Success)
        {
            throw new SocketException((int)status);
        }
    }

    private protected override ValueTask ReleaseAsync()
    {
        Release();
        return ValueTask.CompletedTask;
    }

    private protected override void Release()
    {
        ForgetFinalizer();
        RememberEndPoints();
        DiscardUnread();
        CloseDescriptor(abortive: false);
    }

    private protected override void Reset()
    {
        ForgetFinalizer();
        RememberEndPoints();
        CloseDescriptor(abortive: true);
    }

    /// <summary>Closes the descriptor as soon as no system call on it is under way.</summary>
    /// <remarks>
    /// Invariant: a read or write calls the system within its turn, after it found the connection open. We were latched
    /// before; so a turn that is free now, or comes to us, brings no call any more.
    /// </remarks>
    private void CloseDescriptor(bool abortive)
    {
        var mayClose = _descriptor.TryUse(out _);
        _descriptor.Close(abortive);
        if (!mayClose)
        {
            return;
        }

        if (HaveTurnsPassed)
        {
            _descriptor.Leave();
        }
        else
        {
            _ = LeaveAfterTurnsAsync();
        }
    }

    private async Task LeaveAfterTurnsAsync()
    {
        await PassTurnsAsync(Deadline.None).ConfigureAwait(false);
        _descriptor.Leave();
    }

    [SuppressMessage("Usage", "CA1816", Justification = "What Stream's Dispose calls, and Abort too.")]
    private void ForgetFinalizer() => GC.SuppressFinalize(this);

    private void RememberEndPoints()
    {
        _ = LocalEndPoint;
        if (!_accepted.IsKnown)
        {
            _ = RemoteEndPoint;
        }
    }

    /// <summary>Reads away what the peer sent and nobody read: closing over it would reset the connection.</summary>
    private void DiscardUnread()
    {
        if (_sawEnd || _receiveError != SocketError.Success)
        {
            return;
        }

        if (!_descriptor.TryUse(out var descriptor))
        {
            return;
        }

        Span<byte> scratch = stackalloc byte[4096];
        var discarded = Receive(scratch, flags: 0, out _);
        if (discarded > 0)
        {
            // The end first: the peer need not wait for it until we are through.
            _ = Libc.Shutdown(descriptor, Libc.ShutdownSend);
            int count;
            do
            {
                count = Receive(scratch, flags: 0, out _);
                discarded += count;
            }
            while (count > 0 && discarded < SocketConnection.MostDiscarded);
        }

        _descriptor.Leave();
    }
}
