using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Samples;

/// <summary>Reads and writes endpoints the way people type them.</summary>
internal static class EndPointText
{
    public const string Expected = "host:port with a port from 0 to 65535, such as localhost:7007 or [::1]:7007, or unix:/path";

    /// <summary>Reads where a client is to connect: as <see cref="Parse"/>, but no server has port 0, and none is at every address.</summary>
    public static EndPoint ParseServer(string text, string option = "the server")
    {
        var expected = Expected.Replace("from 0", "from 1", StringComparison.Ordinal);
        return Parse(option, text, expected) switch
        {
            DnsEndPoint { Port: 0 } or IPEndPoint { Port: 0 } => throw UsageException.For(option, text, expected),
            IPEndPoint every when IsEveryAddress(every) => throw UsageException.For(option, text, "one server, such as localhost:7007: this stands for every address"),
            var server => server,
        };
    }

    /// <summary>Reads where a server is to listen: an address, not a name; the one name everybody means the same by is allowed.</summary>
    public static EndPoint ParseListener(string option, string text) => Parse(option, text) switch
    {
        DnsEndPoint { Host: "localhost", Port: var port } => new IPEndPoint(IPAddress.Loopback, port),
        DnsEndPoint => throw UsageException.For(
            option, text, "an address of this machine, such as 0.0.0.0:7007, [::]:7007, localhost:7007 or unix:/path"),
        var endPoint => endPoint,
    };

    /// <summary>Reads host:port (an empty host or * is every address of this machine) or unix:/path.</summary>
    public static EndPoint Parse(string option, string text, string expected = Expected)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            return UnixPath(option, text, text["unix:".Length..]);
        }

        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw UsageException.For(option, text, expected);
        }

        return text[..colon] switch
        {
            "" or "*" => EveryAddress(port),
            ['[', .. var inside, ']'] when IPAddress.TryParse(inside, out var address) => new IPEndPoint(address, port),
            var host when !host.Contains(':') && IPAddress.TryParse(host, out var address) => new IPEndPoint(address, port),
            var host when Uri.CheckHostName(host) == UriHostNameType.Dns => new DnsEndPoint(host, port),
            _ => throw UsageException.For(option, text, expected),
        };
    }

    /// <summary>Tells whether it is no address of a machine, but stands for all that this one has.</summary>
    public static bool IsEveryAddress(IPEndPoint endPoint) => endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any);

    /// <summary>Makes the endpoint that stands for all IPv4 and, where there is IPv6, all IPv6 addresses of this machine.</summary>
    public static IPEndPoint EveryAddress(int port) => new(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port);

    public static string Format(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint { Host: var host, Port: var port } => string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"),
        UnixDomainSocketEndPoint => $"unix:{endPoint}",
        _ => $"{endPoint}",
    };

    private static UnixDomainSocketEndPoint UnixPath(string option, string text, string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException)
        {
            throw UsageException.For(option, text, "unix: and the path of a socket, not empty and at most 107 bytes long");
        }
    }
}
