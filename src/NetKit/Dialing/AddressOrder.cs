using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Puts the addresses of a host in the order in which they are tried (RFC 8305, section 4).</summary>
internal static class AddressOrder
{
    /// <summary>Alternates between the families, the first address's first; each family keeps its own order, and nothing comes twice.</summary>
    /// <param name="addresses">As the resolver gave them: the system's come in the order of RFC 6724.</param>
    public static List<IPAddress> Interleave(IEnumerable<IPAddress> addresses)
    {
        var distinct = addresses.Select(Plain).Distinct().ToList();
        if (distinct.Count < 3)
        {
            return distinct;
        }

        var (first, second) = (new Queue<IPAddress>(), new Queue<IPAddress>());
        foreach (var address in distinct)
        {
            (address.AddressFamily == distinct[0].AddressFamily ? first : second).Enqueue(address);
        }

        var ordered = new List<IPAddress>(distinct.Count);
        while (first.Count + second.Count > 0)
        {
            if (first.TryDequeue(out var address))
            {
                ordered.Add(address);
            }

            if (second.TryDequeue(out address))
            {
                ordered.Add(address);
            }
        }

        return ordered;
    }

    /// <summary>The address to connect to: that of IPv4 where IPv6 only wraps it, and this machine's where a listener's wildcard is named.</summary>
    /// <remarks>Linux connects to a wildcard as to itself, other systems do not.</remarks>
    public static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetwork
            ? address.Equals(IPAddress.Any) ? IPAddress.Loopback : address
            : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;
    }
}
