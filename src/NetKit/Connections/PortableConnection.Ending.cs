using System.Net.Sockets;

namespace NetKit;

// Telling a reset from an end. The system reports a reset once, and when a send was the one to hear it, a read is shown an end.
internal sealed partial class PortableConnection
{
    private void KeepSendError(SocketError status)
    {
        // The first is the reason. What comes after a reset says only that nothing can be sent.
        if (_sendError == SocketError.Success && status is not (SocketError.Success or SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable))
        {
            _sendError = status;
        }
    }

    /// <summary>Says what an end is that a read was shown: that, a reset, or not to be known before the wait for room has ended.</summary>
    private void OnEnd(out SocketError status)
    {
        // A send that heard of a reset began before we were shown the end: here it is seen to be under way, or what it heard.
        var spinner = default(SpinWait);
        while (_isSending)
        {
            spinner.SpinOnce();
        }

        var isWaitEnding = IsSendWaitEnding();
        status = _sendError is SocketError.Success or SocketError.Shutdown ? SocketError.Success : _sendError;
        if (status != SocketError.Success)
        {
            _receiveError = status;
        }
        else if (isWaitEnding)
        {
            _endAwaitsSend = true;
            status = SocketError.WouldBlock;
        }
    }

    /// <summary>Tells whether a wait for room will end soon: there is room, or the connection is broken. Of a peer that has only finished sending it will not.</summary>
    private bool IsSendWaitEnding()
    {
        try
        {
            return _sendWait is { IsUnderWay: true } && _socket.Poll(microSeconds: 0, SelectMode.SelectWrite);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void ArmEnd()
    {
        // The read was published before this, with a fence: it is resumed here, or by the end of the wait.
        if (_sendWait is not { IsUnderWay: true })
        {
            OnSendWaitEnded();
        }
    }

    private void OnSendWaitEnded()
    {
        if (_endAwaitsSend)
        {
            _endAwaitsSend = false;
            OnReceiveReady(inline: false);
        }
    }
}
