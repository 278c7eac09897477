using System.Collections;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NetKit.Tests.Dialing;

public sealed class ClientTlsTests
{
    [Fact]
    public void A_copy_has_every_value_of_the_original()
    {
        var original = new SslClientAuthenticationOptions
        {
            AllowRenegotiation = false,
            AllowTlsResume = false,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            CertificateChainPolicy = new X509ChainPolicy(),
            CertificateRevocationCheckMode = X509RevocationMode.Offline,
            CipherSuitesPolicy = !OperatingSystem.IsLinux() ? null : new CipherSuitesPolicy([TlsCipherSuite.TLS_AES_128_GCM_SHA256]),
            ClientCertificateContext = SslStreamCertificateContext.Create(Certificates.Localhost, null),
            ClientCertificates = [Certificates.Localhost],
            EnabledSslProtocols = SslProtocols.Tls13,
            LocalCertificateSelectionCallback = (_, _, _, _, _) => null!,
            RemoteCertificateValidationCallback = Certificates.IsLocalhost,
            TargetHost = "host",
        };
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Not every system has all of them.");
        if (OperatingSystem.IsLinux())
        {
            (original.AllowRsaPkcs1Padding, original.AllowRsaPssPadding) = (false, false);
        }

        var copy = ClientTls.Copy(original);
        var defaults = new SslClientAuthenticationOptions();
        foreach (var property in typeof(SslClientAuthenticationOptions).GetProperties())
        {
            var expected = property.GetValue(original);
            Assert.True(
                property.Name == "EncryptionPolicy" || !Equals(expected, property.GetValue(defaults)),
                $"{property.Name} is new: give it a value here, and copy it.");
            if (expected is IEnumerable list and not string)
            {
                Assert.NotSame(list, property.GetValue(copy));
                Assert.Equal(list.Cast<object>(), ((IEnumerable)property.GetValue(copy)!).Cast<object>());
            }
            else
            {
                Assert.Equal(expected, property.GetValue(copy));
            }
        }
    }

    [Fact]
    public void The_dialed_host_is_asked_for_unless_the_options_name_one()
    {
        var nameless = new SslClientAuthenticationOptions();
        Assert.Equal("example.org", ClientTls.For(nameless, "example.org").TargetHost);
        Assert.Null(nameless.TargetHost);

        var named = new SslClientAuthenticationOptions { TargetHost = "other.example.org" };
        Assert.Same(named, ClientTls.For(named, "example.org"));
    }
}
