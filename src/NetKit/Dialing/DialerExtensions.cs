using System.Net;

namespace NetKit;

/// <summary>Adds to every dialer what can be said in terms of its one method.</summary>
public static class DialerExtensions
{
    /// <summary>Opens a connection to a host by name, or to an IP address, and a port.</summary>
    /// <param name="dialer">What opens it.</param>
    /// <param name="host">The host's name, or an IPv4 or IPv6 address.</param>
    /// <param name="port">The port, from 1 to 65535.</param>
    /// <param name="cancellationToken">Ends the dial; then no connection is left open.</param>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="ConnectionException">The connection could not be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ArgumentException">The host is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The port is out of range.</exception>
    public static ValueTask<Connection> DialAsync(
        this IDialer dialer, string host, int port, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dialer);
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, IPEndPoint.MaxPort);
        return dialer.DialAsync(new DnsEndPoint(host, port), cancellationToken);
    }

    /// <summary>Lets an HTTP handler open its connections by a dialer: HttpClient and ClientWebSocket get all that the dialer does.</summary>
    /// <param name="handler">The handler, before its first request.</param>
    /// <param name="dialer">What opens the connections: one without TLS, because the handler runs that of HTTPS itself.</param>
    /// <returns>The handler.</returns>
    /// <remarks>
    /// Sets <see cref="SocketsHttpHandler.ConnectCallback"/>. A dial that fails makes the request fail with an
    /// <see cref="HttpRequestException"/> around the dialer's exception, whose message the handler repeats in its own.
    /// </remarks>
    public static SocketsHttpHandler UseDialer(this SocketsHttpHandler handler, IDialer dialer)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(dialer);
        handler.ConnectCallback = async (context, cancellationToken) =>
            await dialer.DialAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
        return handler;
    }
}
