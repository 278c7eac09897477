using System.Net.Security;

namespace NetKit.Tests.Serving;

/// <summary>The client's side of TLS, for tests of a server.</summary>
internal static class TlsClient
{
    /// <summary>Options that take any certificate.</summary>
    public static SslClientAuthenticationOptions Asking(string host = "localhost", params List<SslApplicationProtocol> protocols) => new()
    {
        TargetHost = host,
        ApplicationProtocols = protocols,
        RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
    };

    /// <summary>A new client, through its handshake and served: one byte went there and back.</summary>
    public static async Task<TlsConnection> DialTlsAsync(this RunningServer server, SslClientAuthenticationOptions? options = null)
    {
        var plain = await server.DialAsync();
        var tls = await plain.AuthenticateAsClientAsync(options ?? Asking(), TestContext.Current.CancellationToken).Within();
        await RunningServer.AssertEchoes(tls);
        return tls;
    }

    /// <summary>Asserts that a handshake fails and that the server hangs up.</summary>
    public static async Task AssertRefused(this RunningServer server, SslClientAuthenticationOptions? options = null)
    {
        var plain = await server.DialAsync();
        try
        {
            // By TLS 1.3 the client may be done before the server has judged it.
            await using var tls = await plain.AuthenticateAsClientAsync(options ?? Asking(), TestContext.Current.CancellationToken).Within();
            await tls.WriteAsync("?"u8.ToArray(), TestContext.Current.CancellationToken).Within();
            Assert.Equal(-1, await Talk.TryReadByteAsync(tls));
        }
        catch (ConnectionException)
        {
            // Told in the handshake.
        }
    }
}
