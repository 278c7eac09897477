using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NetKit;

/// <summary>Knows how to read a certificate with its private key and chain, of one file or two.</summary>
internal sealed class CertificateFile
{
    private readonly string[] _paths;
    private readonly Func<byte[][], X509Certificate2Collection> _load;

    private CertificateFile(string[] paths, Func<byte[][], X509Certificate2Collection> load) => (_paths, _load) = (paths, load);

    /// <summary>The path of the certificate.</summary>
    public string Name => _paths[0];

    public static CertificateFile Pem(string certificatePath, string keyPath, string? keyPassword) => new(
        [certificatePath, keyPath],
        bytes => LoadPem(Encoding.UTF8.GetString(bytes[0]), Encoding.UTF8.GetString(bytes[1]), keyPassword));

    public static CertificateFile Pkcs12(string path, string? password) => new(
        [path],
        bytes => X509CertificateLoader.LoadPkcs12Collection(bytes[0], password));

    /// <summary>Reads what is there now, whatever it is.</summary>
    public Contents Read() => new(this, [.. _paths.Select(File.ReadAllBytes)]);

    private static X509Certificate2Collection LoadPem(string certificates, string key, string? keyPassword)
    {
        if (certificates.AsSpan().Count("-----BEGIN ") != certificates.AsSpan().Count("-----END "))
        {
            // The rest of the chain is still being written, and the framework passes over what has no end.
            throw new CryptographicException("The file of the certificate ends in the middle of one.");
        }

        X509Certificate2 leaf;
        try
        {
            leaf = keyPassword is null
                ? X509Certificate2.CreateFromPem(certificates, key)
                : X509Certificate2.CreateFromEncryptedPem(certificates, key, keyPassword);
        }
        catch (ArgumentException exception)
        {
            throw new CryptographicException("The private key is not that of the certificate.", exception);
        }

        var all = new X509Certificate2Collection();
        all.ImportFromPem(certificates);
        all[0].Dispose();
        all[0] = leaf;
        return all;
    }

    /// <summary>What was in the files at one time. Forgets the key when disposed.</summary>
    public sealed class Contents(CertificateFile file, byte[][] bytes) : IDisposable
    {
        /// <summary>Differs when the contents do.</summary>
        public byte[] Fingerprint { get; } = SHA256.HashData([.. bytes.SelectMany(static content => SHA256.HashData(content))]);

        /// <summary>Makes the context that TLS serves it from.</summary>
        public SslStreamCertificateContext Load()
        {
            var all = file._load(bytes);
            var leaf = all.FirstOrDefault(static certificate => certificate.HasPrivateKey)
                ?? throw new CryptographicException($"{file.Name} has no certificate with a private key.");
            all.Remove(leaf);

            // What was fetched from the network would come when it likes, and handshakes wait for this.
            return SslStreamCertificateContext.Create(Usable(leaf), all, offline: true);
        }

        public void Dispose()
        {
            foreach (var content in bytes)
            {
                CryptographicOperations.ZeroMemory(content);
            }
        }
    }

    // Windows cannot serve with a key that is in memory only. What comes from PKCS #12 is in its store.
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }
}
