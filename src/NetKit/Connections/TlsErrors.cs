namespace NetKit;

/// <summary>Finds what went wrong in TLS: the layers below say "see inner exception", and the reason is the innermost one.</summary>
internal static class TlsErrors
{
    /// <summary>The reason in words, as the end of a sentence.</summary>
    public static string CauseOf(Exception exception)
    {
        var innermost = exception;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        return InPlainWords(innermost.Message.TrimEnd('.', ' '));
    }

    // OpenSSL's own form is "error:0A00010B:SSL routines::wrong version number".
    private static string InPlainWords(string message) =>
        message.StartsWith("error:", StringComparison.Ordinal) && message.Split(':') is [_, var code, .., { Length: > 0 } reason]
            ? $"{reason} (OpenSSL error {code})"
            : message;
}
