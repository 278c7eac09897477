using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace NetKit;

/// <summary>Copies the options of a handshake, which are the user's object and know no way to be copied.</summary>
internal static class ClientTls
{
    public static SslClientAuthenticationOptions Copy(SslClientAuthenticationOptions options)
    {
        var copy = CopyCommon(options);
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            copy.AllowRsaPkcs1Padding = options.AllowRsaPkcs1Padding;
            copy.AllowRsaPssPadding = options.AllowRsaPssPadding;
        }

        return copy;
    }

    /// <summary>The options for a host: as they are when they name one themselves.</summary>
    public static SslClientAuthenticationOptions For(SslClientAuthenticationOptions options, string host)
    {
        if (!string.IsNullOrEmpty(options.TargetHost))
        {
            return options;
        }

        var copy = Copy(options);
        copy.TargetHost = host;
        return copy;
    }

    private static SslClientAuthenticationOptions CopyCommon(SslClientAuthenticationOptions options) => new()
    {
        AllowRenegotiation = options.AllowRenegotiation,
        AllowTlsResume = options.AllowTlsResume,
        ApplicationProtocols = options.ApplicationProtocols is null ? null : [.. options.ApplicationProtocols],
        CertificateChainPolicy = options.CertificateChainPolicy,
        CertificateRevocationCheckMode = options.CertificateRevocationCheckMode,
        CipherSuitesPolicy = options.CipherSuitesPolicy,
        ClientCertificateContext = options.ClientCertificateContext,
        ClientCertificates = options.ClientCertificates is null ? null : new X509CertificateCollection(options.ClientCertificates),
        EnabledSslProtocols = options.EnabledSslProtocols,
        EncryptionPolicy = options.EncryptionPolicy,
        LocalCertificateSelectionCallback = options.LocalCertificateSelectionCallback,
        RemoteCertificateValidationCallback = options.RemoteCertificateValidationCallback,
        TargetHost = options.TargetHost,
    };
}
