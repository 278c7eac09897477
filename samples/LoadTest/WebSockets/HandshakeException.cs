namespace NetKit.Samples;

/// <summary>Reports that a server did not make a WebSocket of a connection.</summary>
internal sealed class HandshakeException(string why) : Exception($"handshake: {why}");
