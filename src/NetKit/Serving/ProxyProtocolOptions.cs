using System.Net;

namespace NetKit;

/// <summary>Sets from whom a server takes a PROXY header, which says for what client a proxy has opened the connection.</summary>
/// <remarks>
/// <para>Whoever may send a header may claim to be anybody: so it is taken from trusted sources only, and from these it is
/// required. A peer without an IP address (a Unix socket, a listener in memory) is trusted: the socket's file says who may connect.</para>
/// <para>Plain values, read and checked when a server is made.</para>
/// </remarks>
public sealed class ProxyProtocolOptions
{
    private const int LongestOfAll = ProxyHeaderV2.PrefixLength + ushort.MaxValue;

    /// <summary>Sets the networks that proxies connect from. Default: none, which is an error: name at least one.</summary>
    /// <remarks>IPv4 networks match IPv4 peers of a listener for both families, too.</remarks>
    public IList<IPNetwork> TrustedNetworks { get; set; } = [];

    /// <summary>Serves peers from elsewhere too, as themselves: no header is expected of them, and one that they send goes to the handler. Default: false, they are reset.</summary>
    public bool ServeUntrusted { get; set; }

    /// <summary>Limits how long a header may be, in bytes, its values included. Default: 4096. From 107 to 65,551.</summary>
    public int MaxHeaderLength { get; set; } = 4096;

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal ProxyProtocolOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(TrustedNetworks, $"{nameof(ProxyProtocolOptions)}.{nameof(TrustedNetworks)}");
        OptionCheck.Require<ProxyProtocolOptions>(TrustedNetworks.Count > 0, nameof(TrustedNetworks), TrustedNetworks.Count, "at least one network");
        OptionCheck.Require<ProxyProtocolOptions>(
            MaxHeaderLength is >= ProxyHeaderV1.Longest and <= LongestOfAll, nameof(MaxHeaderLength), MaxHeaderLength, $"from {ProxyHeaderV1.Longest} to {LongestOfAll}");
        var copy = (ProxyProtocolOptions)MemberwiseClone();
        copy.TrustedNetworks = [.. TrustedNetworks];
        return copy;
    }

    /// <summary>Tells whether a peer may say for whom it comes.</summary>
    internal bool Trusts(EndPoint? peer)
    {
        if (peer is not IPEndPoint { Address: var address })
        {
            return true;
        }

        var unmapped = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return TrustedNetworks.Any(network => network.Contains(unmapped) || network.Contains(address));
    }
}
