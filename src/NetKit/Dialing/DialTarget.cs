using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Turns where a caller wants to go into the addresses that are tried.</summary>
internal static class DialTarget
{
    /// <summary>Makes sure that a dialer can go there.</summary>
    public static void ThrowIfUnknown(EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        if (endPoint is not (IPEndPoint or DnsEndPoint or UnixDomainSocketEndPoint or MemoryEndPoint))
        {
            throw new ArgumentException(
                $"A dialer goes to an IPEndPoint, a DnsEndPoint, a UnixDomainSocketEndPoint or a listener's in-memory endpoint; {ErrorSentence.Format(endPoint)} is a {endPoint.GetType().Name}.",
                nameof(endPoint));
        }
    }

    /// <summary>Keeps an endpoint as it is now: those of IP can be changed by whoever gave them.</summary>
    public static EndPoint Copy(EndPoint endPoint) => endPoint is IPEndPoint ip ? new IPEndPoint(ip.Address, ip.Port) : endPoint;

    /// <summary>The address that an endpoint stands for which is no host name.</summary>
    public static EndPoint[] AddressesOf(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip => [new IPEndPoint(AddressOrder.Plain(ip.Address), ip.Port)],
        _ => [endPoint],
    };

    /// <summary>The addresses that a name resolved to, in the order in which they are tried; only those of the family that was asked for.</summary>
    public static EndPoint[] AddressesOf(DnsEndPoint endPoint, IEnumerable<IPAddress> resolved) =>
    [
        .. AddressOrder.Interleave(resolved.Where(address => Fits(endPoint.AddressFamily, AddressOrder.Plain(address))))
            .Select(address => new IPEndPoint(address, endPoint.Port)),
    ];

    /// <summary>The addresses that can be reached from a local endpoint; all of them when none can, so that each tells why.</summary>
    public static EndPoint[] ReachableFrom(EndPoint? local, EndPoint[] addresses)
    {
        var reachable = local is null ? addresses : Array.FindAll(addresses, address => Reaches(local, address));
        return reachable.Length > 0 ? reachable : addresses;
    }

    /// <summary>Tells whether a socket bound to the local endpoint can go there. Null is bound to nothing.</summary>
    public static bool Reaches(EndPoint? local, EndPoint address) => (local, address) switch
    {
        (null, _) => true,
        (IPEndPoint, IPEndPoint) => local.AddressFamily == address.AddressFamily,
        (UnixDomainSocketEndPoint, UnixDomainSocketEndPoint) => true,
        _ => false,
    };

    /// <summary>Names the host as TLS asks for it.</summary>
    public static string TlsHostOf(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint dns => dns.Host,
        IPEndPoint ip => ip.Address.ToString(),
        _ => string.Empty,
    };

    private static bool Fits(AddressFamily family, IPAddress address) =>
        family is AddressFamily.Unspecified || address.AddressFamily == family;
}
