using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetKit.Samples;

/// <summary>Makes a WebSocket of a connection, from the client's side. RFC 6455, section 4.1.</summary>
internal static class WebSocketUpgrade
{
    private const int MaxHead = 16 * 1024;

    private static readonly FrameFormat s_head = FrameFormat.Delimiter("\r\n\r\n"u8, MaxHead);

    /// <exception cref="HandshakeException">The server answered something else.</exception>
    /// <exception cref="ConnectionException">The connection failed, or its deadline passed.</exception>
    public static async Task PerformAsync(Connection connection, Uri target, CancellationToken cancellationToken)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        var request = string.Create(CultureInfo.InvariantCulture, $"""
            GET {target.PathAndQuery} HTTP/1.1
            Host: {target.Authority}
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Key: {key}
            Sec-WebSocket-Version: 13


            """).ReplaceLineEndings("\r\n");
        await connection.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken);

        // What follows the head is left to whoever reads the frames.
        using var reader = new FrameReader(connection, s_head);
        Check((await ReadHeadAsync(reader, target, cancellationToken)).Split("\r\n"), key);
    }

    private static async Task<string> ReadHeadAsync(FrameReader reader, Uri target, CancellationToken cancellationToken)
    {
        var hint = target.Scheme == "ws" ? "; a server with TLS is wss://" : "";
        try
        {
            return Encoding.ASCII.GetString(await reader.ReadAsync(cancellationToken) ?? throw new HandshakeException($"closed by the server{hint}"));
        }
        catch (ConnectionException e) when (e.Error == ConnectionError.ProtocolViolation)
        {
            // It ended within a head, or what came has none: an alert of TLS, say.
            throw new HandshakeException($"no answer of HTTP{hint}");
        }
    }

    private static void Check(string[] lines, string key)
    {
        // "HTTP/1.1 101 Switching Protocols", of which the last part may be missing.
        var status = lines[0].Split(' ', 3);
        if (status is not [['H', 'T', 'T', 'P', '/', ..], var code, ..])
        {
            throw new HandshakeException("no answer of HTTP");
        }

        if (code != "101")
        {
            throw new HandshakeException(string.Join(' ', status[1..]));
        }

#pragma warning disable CA5350 // The protocol asks for this hash, as a proof of understanding and not of secrecy.
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        if (!lines.Skip(1).Select(static line => line.Split(':', 2)).Any(
            field => field is [var name, var value] && name.Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase) && value.Trim() == accept))
        {
            throw new HandshakeException("Sec-WebSocket-Accept is not what the key asks for");
        }
    }
}
