using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetKit.Samples;

/// <summary>Serves by TLS: with a certificate that may be replaced on disk, or one made for this run.</summary>
internal static class Tls
{
    public static void Use(ListenOptions endpoint, Settings settings)
    {
        if (settings.Certificate is { } file)
        {
            var certificate = ServerCertificate.FromPemFiles(file, settings.Key);
            endpoint.UseHttps(certificate.CreateSelector(), state: certificate, Limits.Handshake);
        }
        else
        {
            endpoint.UseHttps(DevelopmentCertificate.Create(), https => https.HandshakeTimeout = Limits.Handshake);
        }
    }
}
