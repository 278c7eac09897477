using System.Net.Security;
using System.Security.Authentication;

namespace NetKit.Tests.Connections;

public sealed class TlsErrorsTests
{
    [Theory]
    [InlineData("The remote certificate is invalid.", "The remote certificate is invalid")]
    [InlineData("error:0A00010B:SSL routines::wrong version number", "wrong version number (OpenSSL error 0A00010B)")]
    [InlineData("error: a bad day", "error: a bad day")]
    public void The_reason_is_that_of_the_innermost_exception_in_plain_words(string innermost, string expected) => Assert.Equal(
        expected,
        TlsErrors.CauseOf(new AuthenticationException(
            "Authentication failed, see inner exception.", new IOException("SSL Handshake failed.", new InvalidOperationException(innermost)))));

    [Fact]
    public void Exception_that_stands_alone_is_the_reason() =>
        Assert.Equal("no common version", TlsErrors.CauseOf(new AuthenticationException("no common version.")));

    [Fact]
    public async Task A_file_that_a_callback_misses_is_no_peer_that_hung_up()
    {
        await using var pair = Pairs.Memory();
        var token = TestContext.Current.CancellationToken;
        var serving = pair.Second.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }, token).AsTask();
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = static (_, _, _, _) => throw new FileNotFoundException("No roots."),
        };
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => pair.First.AuthenticateAsClientAsync(options, token).Within());
        Assert.Equal(ConnectionError.TlsFailed, exception.Error);
        Assert.Contains("No roots", exception.Message, StringComparison.Ordinal);
        pair.First.Abort();
        await Record.ExceptionAsync(() => serving.Within());
    }
}
