using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Sets where a server of an application listens, and how it serves.</summary>
/// <remarks>Plain values, checked before the application starts, and read when it starts: changes in the configuration take effect with the next start.</remarks>
public sealed class HostedServerOptions
{
    /// <summary>Sets where clients come in. At least one.</summary>
    /// <remarks>
    /// An <see cref="IPEndPoint"/>, a <see cref="UnixDomainSocketEndPoint"/>, or a <see cref="DnsEndPoint"/>: a host name is
    /// resolved when the server starts, and all its addresses are bound, so each of them must be of this machine; but localhost is bound without ::1 where
    /// there is no IPv6. Of port 0 the system picks one, for each address another.
    /// </remarks>
    public IList<EndPoint> EndPoints { get; set; } = [];

    /// <summary>Sets how each endpoint is listened at. Default: the defaults of <see cref="ListenerOptions"/>.</summary>
    public ListenerOptions Listener { get; set; } = new();

    /// <summary>Sets the limits, of all endpoints together. Default: the defaults of <see cref="ConnectionServerOptions"/>.</summary>
    public ConnectionServerOptions Server { get; set; } = new();

    /// <summary>Serves by TLS with the certificate in this file: PEM, or PKCS #12 when it ends in .pfx or .p12. Default (null): plain connections, unless <see cref="Server"/> says otherwise.</summary>
    /// <remarks>
    /// Loaded when the server starts, which fails without it; replaced on disk, it is served within a second (<see cref="ServerCertificate"/>). All
    /// else of the handshake is <see cref="ConnectionServerOptions.Tls"/>, where there must be no other certificate then.
    /// </remarks>
    public string? CertificatePath { get; set; }

    /// <summary>Sets the PEM file of the certificate's private key. Default (null): the key is in the file of the certificate.</summary>
    public string? CertificateKeyPath { get; set; }

    /// <summary>Sets the password of the private key. Default (null): there is none.</summary>
    public string? CertificatePassword { get; set; }

    /// <summary>Refuses what makes no sense, by the name of the property and its value.</summary>
    internal void Validate()
    {
        Require(EndPoints is { Count: > 0 } && !EndPoints.Contains(null!), nameof(EndPoints), "have at least one endpoint, and none that is null");
        foreach (var endPoint in EndPoints)
        {
            Require(
                endPoint is IPEndPoint or DnsEndPoint or UnixDomainSocketEndPoint,
                nameof(EndPoints),
                $"be IP endpoints, host names or Unix sockets; {endPoint} is a {endPoint.GetType().Name}");
        }

        Require(Listener is not null, nameof(Listener), "not be null");
        Require(Server is not null, nameof(Server), "not be null");
        Require(
            CertificatePath is not null || (CertificateKeyPath is null && CertificatePassword is null),
            nameof(CertificatePath),
            $"be set where {nameof(CertificateKeyPath)} or {nameof(CertificatePassword)} is");
        Require(
            CertificatePath is null || Server.TlsSelector is null,
            nameof(CertificatePath),
            $"not be set together with {nameof(ConnectionServerOptions)}.{nameof(ConnectionServerOptions.TlsSelector)}");
        _ = Listener.Validated();
        _ = Server.Validated();
    }

    private static void Require([DoesNotReturnIf(false)] bool valid, string property, string must)
    {
        if (!valid)
        {
            throw new ArgumentException($"{nameof(HostedServerOptions)}.{property} must {must}.");
        }
    }
}
