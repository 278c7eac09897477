using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>A client that has shaken hands: its WebSocket, below that the frames that come and go, and below that a connection.</summary>
internal sealed class ClientSocket(WebSocket webSocket, ClientFrames incoming, OutgoingFrames outgoing, Action abort) : IDisposable
{
    private volatile bool _isReset;

    public WebSocket WebSocket => webSocket;

    public ClientFrames Incoming => incoming;

    public OutgoingFrames Outgoing => outgoing;

    /// <summary>Whether it was reset, so that nothing more can be told.</summary>
    public bool IsReset => _isReset;

    /// <summary>Breaks the connection of a client that takes no goodbye. What waits for it ends.</summary>
    public void Reset()
    {
        _isReset = true;
        incoming.CutOff();
        abort();
    }

    public void Dispose() => webSocket.Dispose();
}
