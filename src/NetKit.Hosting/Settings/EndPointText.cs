using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Reads endpoints as people write them.</summary>
internal static class EndPointText
{
    public const string Expected = "host:port with a port from 0 to 65535, such as *:5000, localhost:5000 or [::1]:5000, or unix:/path";

    private const string Unix = "unix:";

    /// <summary>Reads host:port, where an empty host or * is every address of this machine, or unix:/path, or unix:@name, which is an abstract address.</summary>
    public static bool TryParse(string text, [MaybeNullWhen(false)] out EndPoint value)
    {
        value = text.StartsWith(Unix, StringComparison.Ordinal) ? UnixPath(text[Unix.Length..]) : HostAndPort(text);
        return value is not null;
    }

    private static EndPoint? HostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        return text[..colon] switch
        {
            "" or "*" => new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port),
            ['[', .. var inside, ']'] => IPAddress.TryParse(inside, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
                ? new IPEndPoint(address, port)
                : null,
            var host when host.Contains(':') => null,
            // Not 8080, 127.1 or 010.0.0.1: to the framework those are 0.0.31.144, 127.0.0.1 and 8.0.0.1.
            var host when IPAddress.TryParse(host, out var address) => address.ToString() == host ? new IPEndPoint(address, port) : null,
            var host when Uri.CheckHostName(host) == UriHostNameType.Dns => new DnsEndPoint(host, port),
            _ => null,
        };
    }

    private static UnixDomainSocketEndPoint? UnixPath(string path)
    {
        if (path == "@")
        {
            return null;
        }

        try
        {
            return new UnixDomainSocketEndPoint(path.StartsWith('@') ? $"\0{path[1..]}" : path);
        }
        catch (ArgumentException)
        {
            // Empty, or longer than the system takes.
            return null;
        }
    }
}
