namespace NetKit.Samples;

/// <summary>Reports bytes that are not RESP2, and what was expected in their place.</summary>
internal sealed class RespFormatException(string message) : FormatException(message);
