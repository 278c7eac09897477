namespace NetKit.Samples;

/// <summary>Reports that the server understood a command and refused it. Its connection is as good as before.</summary>
internal sealed class RedisErrorException(string message) : Exception($"the server says: {message}");
