using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Runs the handshakes of a server, by options that are copied once or chosen for each client.</summary>
internal sealed class ServerTls
{
    private readonly SslServerAuthenticationOptions? _options;
    private readonly TlsSelection? _selection;

    private ServerTls(SslServerAuthenticationOptions? options, TlsSelection? selection) => (_options, _selection) = (options, selection);

    /// <summary>Makes it of what a server's options say; null when they say nothing of TLS.</summary>
    /// <exception cref="ArgumentException">The options cannot serve anybody, or contradict each other.</exception>
    public static ServerTls? Create(ConnectionServerOptions options, ILogger logger, TimeProvider timeProvider) => (options.Tls, options.TlsSelector) switch
    {
        (null, null) => null,
        (null, { } selector) => new ServerTls(options: null, new TlsSelection(selector, logger, timeProvider)),
        ({ } tls, null) => new ServerTls(WithContext(tls), selection: null),
        _ => throw new ArgumentException(
            $"{nameof(ConnectionServerOptions)} has both {nameof(options.Tls)} and {nameof(options.TlsSelector)}: set one.", nameof(options)),
    };

    /// <summary>Runs a handshake whose bytes go through a stream that holds its place at the gate.</summary>
    public Task HandshakeAsync(SslStream tls, HandshakeStream bytes, CancellationToken cancellationToken) => _selection is null
        ? tls.AuthenticateAsServerAsync(_options!, cancellationToken)
        : tls.AuthenticateAsServerAsync(_selection.SelectAsync, bytes, cancellationToken);

    /// <summary>Copies options, which are the user's object and know no way to be copied.</summary>
    public static SslServerAuthenticationOptions Copy(SslServerAuthenticationOptions options)
    {
        var copy = CopyCommon(options);
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            copy.AllowRsaPkcs1Padding = options.AllowRsaPkcs1Padding;
            copy.AllowRsaPssPadding = options.AllowRsaPssPadding;
        }

        return copy;
    }

    private static SslServerAuthenticationOptions WithContext(SslServerAuthenticationOptions options)
    {
        var copy = Copy(options);
        if (copy is { ServerCertificateContext: null, ServerCertificateSelectionCallback: null })
        {
            if (copy.ServerCertificate is not X509Certificate2 { HasPrivateKey: true } certificate)
            {
                throw new ArgumentException(
                    $"{nameof(ConnectionServerOptions)}.{nameof(ConnectionServerOptions.Tls)} has no certificate with a private key.", nameof(options));
            }

            // Once: else each handshake would build the chain anew, and no session could be resumed.
            copy.ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null);
        }

        return copy;
    }

    private static SslServerAuthenticationOptions CopyCommon(SslServerAuthenticationOptions options) => new()
    {
        AllowRenegotiation = options.AllowRenegotiation,
        AllowTlsResume = options.AllowTlsResume,
        ApplicationProtocols = options.ApplicationProtocols is null ? null : [.. options.ApplicationProtocols],
        CertificateChainPolicy = options.CertificateChainPolicy,
        CertificateRevocationCheckMode = options.CertificateRevocationCheckMode,
        CipherSuitesPolicy = options.CipherSuitesPolicy,
        ClientCertificateRequired = options.ClientCertificateRequired,
        EnabledSslProtocols = options.EnabledSslProtocols,
        EncryptionPolicy = options.EncryptionPolicy,
        RemoteCertificateValidationCallback = options.RemoteCertificateValidationCallback,
        ServerCertificate = options.ServerCertificate,
        ServerCertificateContext = options.ServerCertificateContext,
        ServerCertificateSelectionCallback = options.ServerCertificateSelectionCallback,
    };
}
