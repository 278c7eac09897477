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
}
