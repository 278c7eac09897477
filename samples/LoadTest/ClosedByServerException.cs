using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>Reports that the server closed a WebSocket for a reason.</summary>
internal sealed class ClosedByServerException(WebSocketCloseStatus status, string? reason) : Exception($"closed by the server: {(int)status} {reason}");
