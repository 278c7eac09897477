using System.Net.Sockets;

namespace NetKit;

// A look at the connection while nobody uses it.
internal abstract partial class ReadinessConnection
{
    internal sealed override IdleState CheckIdle(bool ask)
    {
        if (IsClosed || _writesCompleted)
        {
            return IdleState.Closed;
        }

        if (!_readTurn.IsFree || !_writeTurn.IsFree)
        {
            return IdleState.Busy;
        }

        if (!ask && SeemsQuiet)
        {
            return IdleState.Quiet;
        }

        if (!_readTurn.TryEnter())
        {
            return IdleState.Busy;
        }

        var state = IsClosed ? IdleState.Closed : LookAhead();
        _readTurn.Exit();
        return state;
    }

    /// <summary>Whether nothing has come since a read took all there was, as far as is known without asking.</summary>
    private protected virtual bool SeemsQuiet => false;

    /// <summary>Asks the transport what a read would find, and takes nothing. In the reading turn.</summary>
    private protected abstract IdleState LookAhead();

    private protected static IdleState IdleStateOf(int count, SocketError status)
    {
        if (status == SocketError.WouldBlock)
        {
            return IdleState.Quiet;
        }

        return status == SocketError.Success && count > 0 ? IdleState.Unread : IdleState.Ended;
    }
}
