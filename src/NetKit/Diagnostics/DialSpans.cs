using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace NetKit;

/// <summary>The spans of a dial, "dial" with "dns", "connect" and "tls" below it, with the tags that OpenTelemetry has for them.</summary>
internal static class DialSpans
{
    public static Activity? StartDial(EndPoint endPoint)
    {
        var span = NetKitActivities.Start("dial", ActivityKind.Client);
        if (span is null)
        {
            return null;
        }

        switch (endPoint)
        {
            case DnsEndPoint dns:
                SetServer(span, dns.Host, dns.Port);
                break;
            case IPEndPoint ip:
                SetServer(span, ip.Address.ToString(), ip.Port);
                break;
            default:
                SetServer(span, endPoint.ToString(), port: null);
                break;
        }

        return span;
    }

    public static Activity? StartResolution(string host) =>
        NetKitActivities.Start("dns")?.SetTag("dns.question.name", host);

    public static Activity? StartConnect(EndPoint address)
    {
        var span = NetKitActivities.Start("connect", ActivityKind.Client);
        if (span is null)
        {
            return null;
        }

        if (address is IPEndPoint ip)
        {
            span.SetTag("network.peer.address", ip.Address.ToString());
            span.SetTag("network.peer.port", ip.Port);
            span.SetTag("network.type", FamilyOf(address));
            span.SetTag("network.transport", "tcp");
        }
        else
        {
            span.SetTag("network.peer.address", address.ToString());
            span.SetTag("network.transport", FamilyOf(address));
        }

        return span;
    }

    public static Activity? StartTls(string? host) =>
        NetKitActivities.Start("tls", ActivityKind.Client)?.SetTag("server.address", host);

    public static void SetAnswer(Activity? resolution, IEnumerable<IPAddress> addresses) =>
        resolution?.SetTag("dns.answers", addresses.Select(static address => address.ToString()).ToArray());

    public static void SetAgreement(Activity? tls, SslProtocols protocol, SslApplicationProtocol application)
    {
        if (tls is null)
        {
            return;
        }

        tls.SetTag("tls.protocol.name", "tls");
        tls.SetTag("tls.protocol.version", protocol switch
        {
            SslProtocols.Tls12 => "1.2",
            SslProtocols.Tls13 => "1.3",
            _ => protocol.ToString(),
        });
        if (!application.Protocol.IsEmpty)
        {
            tls.SetTag("tls.next_protocol", application.ToString());
        }
    }

    /// <summary>Names the kind of an address: ipv4, ipv6, unix or memory.</summary>
    public static string FamilyOf(EndPoint address) => address switch
    {
        IPEndPoint { AddressFamily: AddressFamily.InterNetwork } => "ipv4",
        IPEndPoint => "ipv6",
        UnixDomainSocketEndPoint => "unix",
        DnsEndPoint => "name",
        _ => "memory",
    };

    private static void SetServer(Activity span, string? address, int? port)
    {
        span.SetTag("server.address", address);
        if (port is not null)
        {
            span.SetTag("server.port", port);
        }
    }
}
