namespace NetKit.Samples;

/// <summary>Reports that the server closed a WebSocket for a reason.</summary>
internal sealed class ClosedByServerException(int status, string reason) : Exception($"closed by the server: {status} {reason}".TrimEnd());
