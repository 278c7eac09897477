using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>A client that has shaken hands: its WebSocket, and below that the frames that come and go.</summary>
internal sealed record ClientSocket(WebSocket WebSocket, ClientFrames Incoming, OutgoingFrames Outgoing) : IDisposable
{
    public void Dispose() => WebSocket.Dispose();
}
