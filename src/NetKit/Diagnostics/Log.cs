using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Every message that NetKit logs. Event ids are stable: 1xx listening, 2xx serving, 3xx dialing (35x retries), 4xx pooling, 5xx broadcasting.</summary>
internal static partial class Log
{
    [LoggerMessage(101, LogLevel.Warning, "Accepting at {EndPoint} fails, trying again in {Wait}. {Suppressed} more failures since the last such message.")]
    public static partial void AcceptFailing(ILogger logger, string endPoint, TimeSpan wait, int suppressed, Exception exception);

    [LoggerMessage(EventId = 102, Message = "A client at {EndPoint} was lost before its connection began.")]
    public static partial void ClientLost(ILogger logger, LogLevel level, string endPoint, Exception exception);

    [LoggerMessage(201, LogLevel.Information, "Serving at {EndPoint}.")]
    public static partial void Serving(ILogger logger, string endPoint);

    [LoggerMessage(202, LogLevel.Information, "Stopped accepting at {EndPoint}. Connections to drain: {Active}, within {DrainTimeout}.")]
    public static partial void Draining(ILogger logger, string endPoint, int active, TimeSpan drainTimeout);

    [LoggerMessage(203, LogLevel.Information, "Drained at {EndPoint}. Connections that ended by themselves: {Completed}, aborted: {Aborted}.")]
    public static partial void Drained(ILogger logger, string endPoint, int completed, int aborted);

    [LoggerMessage(204, LogLevel.Error, "The handler of connection {Connection} failed; the connection is closed.")]
    public static partial void HandlerFailed(ILogger logger, string connection, Exception exception);

    [LoggerMessage(205, LogLevel.Debug, "Connection {Connection} ended: {Reason}")]
    public static partial void ConnectionEnded(ILogger logger, string connection, string reason);

    [LoggerMessage(206, LogLevel.Debug, "Refused a client at {EndPoint}: ConnectionServerOptions.{Option} lets no more in.")]
    public static partial void ClientRefused(ILogger logger, string endPoint, string option);

    [LoggerMessage(207, LogLevel.Error, "A callback on a handler's token failed while the server stopped.")]
    public static partial void StopCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(208, LogLevel.Debug, "Connection {Connection} is reset: {Reason}.")]
    public static partial void ConnectionTimedOut(ILogger logger, string connection, string reason);

    [LoggerMessage(209, LogLevel.Error, "ConnectionServerOptions.{Option} failed; a client that it does not let in is refused. {Suppressed} more failures since the last such message.")]
    public static partial void LimiterFailed(ILogger logger, string option, int suppressed, Exception exception);

    [LoggerMessage(210, LogLevel.Warning, "The listener at {EndPoint} was closed by somebody else; the server goes on with the others.")]
    public static partial void ListenerLost(ILogger logger, string endPoint);

    [LoggerMessage(220, LogLevel.Debug, "Connection {Connection} got no handler: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, string connection, string reason);

    [LoggerMessage(221, LogLevel.Information, "The certificate of {File} was replaced; it is valid until {NotAfter:u}.")]
    public static partial void CertificateReplaced(ILogger logger, string file, DateTime notAfter);

    [LoggerMessage(222, LogLevel.Warning, "The certificate of {File} cannot be loaded; the one from before is served on.")]
    public static partial void CertificateBroken(ILogger logger, string file, Exception exception);

    [LoggerMessage(223, LogLevel.Error, "ConnectionServerOptions.TlsSelector failed; its client got no handler. {Suppressed} more failures since the last such message.")]
    public static partial void SelectorFailed(ILogger logger, int suppressed, Exception exception);

    [LoggerMessage(230, LogLevel.Critical, "The server {Server} has ended by itself: all its listeners were closed. The application stops.")]
    public static partial void ServerLost(ILogger logger, string server);

    [LoggerMessage(301, LogLevel.Debug, "Dialed {EndPoint} in {Milliseconds:0.###} ms, at {Address}. Attempts: {Attempts}.")]
    public static partial void Dialed(ILogger logger, string endPoint, double milliseconds, string address, int attempts);

    [LoggerMessage(302, LogLevel.Debug, "A dial failed after {Milliseconds:0.###} ms.")]
    public static partial void DialFailed(ILogger logger, double milliseconds, Exception exception);

    [LoggerMessage(303, LogLevel.Debug, "The caller cancelled the dial of {EndPoint} after {Milliseconds:0.###} ms. Attempts: {Attempts}.")]
    public static partial void DialCancelled(ILogger logger, string endPoint, double milliseconds, int attempts);

    [LoggerMessage(304, LogLevel.Trace, "An attempt of the dial of {EndPoint} ended: {Attempt}")]
    public static partial void DialAttemptEnded(ILogger logger, string endPoint, string attempt);

    [LoggerMessage(305, LogLevel.Error, "DialerOptions.OnAttempt failed; the dial goes on.")]
    public static partial void AttemptCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(401, LogLevel.Warning, "The pool of {EndPoint} could not open a connection.")]
    public static partial void PoolDialFailed(ILogger logger, string endPoint, Exception exception);

    [LoggerMessage(402, LogLevel.Information, "The pool of {EndPoint} can open connections again.")]
    public static partial void PoolDialsAgain(ILogger logger, string endPoint);

    [LoggerMessage(403, LogLevel.Error, "A lease of the pool of {EndPoint} was dropped, neither returned nor disposed; its connection {Connection} is closed. Acquired at: {Stack}")]
    public static partial void LeaseLeaked(ILogger logger, string endPoint, string connection, string stack);

    [LoggerMessage(404, LogLevel.Warning, "Connection {Connection} came back to the pool of {EndPoint} with bytes unread or an operation under way, and is closed.")]
    public static partial void ConnectionPoisoned(ILogger logger, string endPoint, string connection);

    [LoggerMessage(405, LogLevel.Debug, "The pool of {EndPoint} closed connection {Connection}: {Reason}.")]
    public static partial void PoolClosedConnection(ILogger logger, string endPoint, string connection, string reason);

    [LoggerMessage(406, LogLevel.Warning, "{Callers} callers got no connection from the pool of {EndPoint} in time. {Situation}")]
    public static partial void PoolExhausted(ILogger logger, string endPoint, int callers, string situation);

    [LoggerMessage(407, LogLevel.Debug, "The check of an idle connection of the pool of {EndPoint} failed.")]
    public static partial void ValidateFailed(ILogger logger, string endPoint, Exception exception);

    [LoggerMessage(408, LogLevel.Warning, "The pool of {EndPoint} was disposed, and {Leased} leases had not ended after {DrainTimeout}: their connections were reset.")]
    public static partial void PoolAbandonedLeases(ILogger logger, string endPoint, int leased, TimeSpan drainTimeout);

    [LoggerMessage(351, LogLevel.Information, "Dialing {EndPoint} failed in round {Round}, trying again in {Wait}.")]
    public static partial void DialRetried(ILogger logger, string endPoint, int round, TimeSpan wait, Exception? exception);

    [LoggerMessage(352, LogLevel.Warning, "The circuit of {EndPoint} is open: dials to it fail at once, until one that may probe it succeeds.")]
    public static partial void CircuitOpened(ILogger logger, string endPoint, Exception? exception);

    [LoggerMessage(353, LogLevel.Information, "The circuit of {EndPoint} is half-open: one dial probes whether it is back.")]
    public static partial void CircuitHalfOpened(ILogger logger, string endPoint);

    [LoggerMessage(354, LogLevel.Information, "The circuit of {EndPoint} is closed: it is back.")]
    public static partial void CircuitClosed(ILogger logger, string endPoint);

    [LoggerMessage(501, LogLevel.Error, "A callback on the Disconnected token of a subscription failed.")]
    public static partial void DisconnectedCallbackFailed(ILogger logger, Exception exception);
}
