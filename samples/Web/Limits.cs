using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetKit.Samples;

/// <summary>How long a client may take, so that slow ones (Slowloris) are ended soon, however many come.</summary>
/// <remarks>
/// These limits are Kestrel's, on whatever transport. It looks once a second. Of a body that is sent, and an answer that is received, it
/// wants 240 bytes a second by default, after 5 s of grace.
/// </remarks>
internal static class Limits
{
    /// <summary>For the TLS handshake, from the first byte to the last.</summary>
    public static readonly TimeSpan Handshake = TimeSpan.FromSeconds(5);

    public static void Apply(KestrelServerLimits limits)
    {
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);

        // Between requests; and for the first words of HTTP/2.
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(1);
    }

    /// <summary>None of the above goes for a connection that has become a WebSocket: what keeps it is that its client answers.</summary>
    public static WebSocketOptions OfWebSockets() => new()
    {
        KeepAliveInterval = TimeSpan.FromSeconds(15),
        KeepAliveTimeout = TimeSpan.FromSeconds(15),
    };
}
