using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace NetKit.Samples;

/// <summary>The opening handshake of RFC 6455, section 4.2: what a request must say, and the answer to it.</summary>
internal static class WebSocketHandshake
{
    private const string Version = "13";
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const int KeyLength = 16;

    /// <summary>Tells whether the request is a handshake. Where not, the response has the status and headers that say why.</summary>
    public static bool IsValid(HttpContext context, out string flaw)
    {
        var (request, response) = (context.Request, context.Response);
        if (!HttpMethods.IsGet(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers.Allow = HttpMethods.Get;
            flaw = $"a WebSocket begins with GET, not {request.Method}";
            return false;
        }

        // In HTTP/1.0 an upgrade is to be ignored. RFC 9110, section 7.8.
        if (!HttpProtocol.IsHttp11(request.Protocol) || !Has(request.Headers.Upgrade, "websocket") || !Has(request.Headers.Connection, "upgrade"))
        {
            response.StatusCode = StatusCodes.Status426UpgradeRequired;
            response.Headers.Upgrade = "websocket";
            response.Headers.Connection = "Upgrade";
            flaw = "no upgrade to a WebSocket was asked for";
            return false;
        }

        if (request.Headers.SecWebSocketVersion != Version)
        {
            response.StatusCode = StatusCodes.Status426UpgradeRequired;
            response.Headers.SecWebSocketVersion = Version;
            flaw = $"Sec-WebSocket-Version is \"{request.Headers.SecWebSocketVersion}\", not 13";
            return false;
        }

        response.StatusCode = StatusCodes.Status400BadRequest;
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true })
        {
            flaw = "a handshake has no body";
            return false;
        }

        Span<byte> key = stackalloc byte[KeyLength + 2];
        flaw = "Sec-WebSocket-Key is not 16 bytes in base64";
        return request.Headers.SecWebSocketKey is [{ } text] && Convert.TryFromBase64String(text, key, out var length) && length == KeyLength;
    }

    /// <summary>Answers the handshake, and gives the WebSocket.</summary>
    /// <param name="context">The request, which is valid.</param>
    /// <param name="clock">What tells when the client was heard, and since when a frame waits to be taken.</param>
    public static async Task<ClientSocket> AcceptAsync(HttpContext context, TimeProvider clock)
    {
        var headers = context.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = Accept(context.Request.Headers.SecWebSocketKey.ToString());
        var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        var outgoing = new OutgoingFrames(stream, clock);
        var incoming = new ClientFrames(stream, outgoing, clock);
        return new ClientSocket(WebSocket.CreateFromStream(incoming, isServer: true, subProtocol: null, keepAliveInterval: Timeout.InfiniteTimeSpan), incoming, outgoing, context.Abort);
    }

    [SuppressMessage("Security", "CA5350", Justification = "SHA-1 is what the RFC asks for; nothing rests on it.")]
    private static string Accept(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));

    private static bool Has(StringValues header, string word) =>
        header.SelectMany(static line => line?.Split(',') ?? []).Any(part => part.AsSpan().Trim().Equals(word, StringComparison.OrdinalIgnoreCase));
}
