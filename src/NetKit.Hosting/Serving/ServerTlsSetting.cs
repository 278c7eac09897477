using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Makes the options of a server serve the certificate that is named beside them.</summary>
internal static class ServerTlsSetting
{
    /// <summary>Gives the options of the server, as a copy.</summary>
    /// <exception cref="InvalidOperationException">The certificate cannot be loaded; the message says which, and whose.</exception>
    public static ConnectionServerOptions Apply(HostedServerOptions options, string server, ILoggerFactory? loggerFactory, TimeProvider? timeProvider)
    {
        var applied = options.Server.Validated();
        if (options.CertificatePath is { } path)
        {
            try
            {
                applied.TlsSelector = Load(options, path, loggerFactory, timeProvider).CreateSelector(applied.Tls);
                applied.Tls = null;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
            {
                throw new InvalidOperationException(
                    $"{server}: {nameof(HostedServerOptions.CertificatePath)} is \"{path}\", and cannot be served: {exception.Message}", exception);
            }
        }

        return applied;
    }

    private static ServerCertificate Load(HostedServerOptions options, string path, ILoggerFactory? loggerFactory, TimeProvider? timeProvider) =>
        Path.GetExtension(path).ToUpperInvariant() is ".PFX" or ".P12"
            ? ServerCertificate.FromPkcs12File(path, options.CertificatePassword, loggerFactory, timeProvider)
            : ServerCertificate.FromPemFiles(path, options.CertificateKeyPath, options.CertificatePassword, loggerFactory, timeProvider);
}
