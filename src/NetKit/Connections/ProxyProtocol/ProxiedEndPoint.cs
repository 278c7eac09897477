using System.Net;

namespace NetKit;

/// <summary>Stands where a connection keeps its remote endpoint, when a proxy brought it: so the others pay nothing for what a proxy says.</summary>
internal sealed class ProxiedEndPoint(ProxyHeader header, EndPoint? proxy) : EndPoint
{
    /// <summary>What the proxy said.</summary>
    public ProxyHeader Header => header;

    /// <summary>The proxy: the peer of the transport itself.</summary>
    public EndPoint? Proxy => proxy;

    /// <summary>The endpoint to show: the client's, where a proxy named it.</summary>
    public static EndPoint? Shown(EndPoint? remote) => remote is ProxiedEndPoint proxied ? proxied.Header.Source ?? proxied.Proxy : remote;
}
