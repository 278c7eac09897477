using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Every message that NetKit logs. Event ids are stable: 1xx listening, 2xx serving, 35x retrying dials.</summary>
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

    [LoggerMessage(206, LogLevel.Debug, "Refused a client at {EndPoint}: the limit of {MaxConnections} connections is reached.")]
    public static partial void ClientRefused(ILogger logger, string endPoint, int maxConnections);

    [LoggerMessage(207, LogLevel.Error, "A callback on a handler's token failed while the server stopped.")]
    public static partial void StopCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(351, LogLevel.Information, "Dialing {EndPoint} failed in round {Round}, trying again in {Wait}.")]
    public static partial void DialRetried(ILogger logger, string endPoint, int round, TimeSpan wait, Exception? exception);

    [LoggerMessage(352, LogLevel.Warning, "The circuit of {EndPoint} is open: dials to it fail at once, until one that may probe it succeeds.")]
    public static partial void CircuitOpened(ILogger logger, string endPoint, Exception? exception);

    [LoggerMessage(353, LogLevel.Information, "The circuit of {EndPoint} is half-open: one dial probes whether it is back.")]
    public static partial void CircuitHalfOpened(ILogger logger, string endPoint);

    [LoggerMessage(354, LogLevel.Information, "The circuit of {EndPoint} is closed: it is back.")]
    public static partial void CircuitClosed(ILogger logger, string endPoint);
}
