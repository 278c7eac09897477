using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NetKit.Tests;

/// <summary>Self-signed certificates made in memory: one for "localhost" once a run, and others for any host.</summary>
internal static class Certificates
{
    private static readonly Lazy<X509Certificate2> s_localhost = new(() => Make("localhost"));

    public static X509Certificate2 Localhost => s_localhost.Value;

    public static bool IsLocalhost(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(Localhost.RawData);

    /// <summary>Makes a certificate, which is the caller's to dispose of.</summary>
    public static X509Certificate2 Make(string host, params ReadOnlySpan<X509Extension> extensions)
    {
        var (certificate, key) = MakePem(host, extensions);
        using var both = X509Certificate2.CreateFromPem(certificate, key);

        // Windows cannot serve with a key that was never exported.
        return X509CertificateLoader.LoadPkcs12(both.Export(X509ContentType.Pkcs12), password: null);
    }

    /// <summary>Makes a certificate as text, with its private key.</summary>
    public static (string Certificate, string Key) MakePem(string host, params ReadOnlySpan<X509Extension> extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Makes a certificate, its private key, and the intermediate certificate that vouches for it, which is signed by a root nobody has.</summary>
    public static (X509Certificate2 Leaf, X509Certificate2 Intermediate) MakeChain(string host)
    {
        var (begin, end) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Authority("root", rootKey).CreateSelfSigned(begin, end);
        var intermediate = Authority("intermediate", middleKey).Create(root, begin, end, [1]);
        using var signer = intermediate.CopyWithPrivateKey(middleKey);
        using var leaf = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256).Create(signer, begin, end, [2]);
        return (leaf.CopyWithPrivateKey(key), intermediate);

        static CertificateRequest Authority(string name, ECDsa key) => new($"CN={name}", key, HashAlgorithmName.SHA256)
        {
            CertificateExtensions = { new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true) },
        };
    }
}
