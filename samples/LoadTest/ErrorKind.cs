namespace NetKit.Samples;

/// <summary>Sorts errors as a person would, not by endpoint, nor by where they were thrown; and says what may help.</summary>
internal static class ErrorKind
{
    public static string Of(Exception exception) => exception switch
    {
        ClosedByServerException or HandshakeException => exception.Message,
        DialException dial when dial.Attempts.FirstOrDefault(static attempt => attempt.Phase == DialPhase.Tls)?.Error is { } error => $"TLS handshake: {OfTls(error)}",
        DialException { Error: var error } => $"connect: {error}",
        DeadlineExceededException or OperationCanceledException or TimeoutException => "timeout",
        ConnectionException { Error: var error, Operation: var operation } => $"{operation}: {error}",
        EndOfStreamException => "closed by the server",
        _ => exception.GetType().Name,
    };

    private static string OfTls(ConnectionException exception)
    {
        var why = exception switch
        {
            DeadlineExceededException => "timeout",
            { Error: ConnectionError.TlsFailed } => exception.GetBaseException().Message.TrimEnd('.'),
            { Error: ConnectionError.Aborted } => "closed by the server",
            { Error: var error } => $"{error}",
        };
        return why.Contains("remote certificate", StringComparison.OrdinalIgnoreCase)
            ? $"{why}; --insecure takes any"
            : $"{why}; a server without TLS is ws://";
    }
}
