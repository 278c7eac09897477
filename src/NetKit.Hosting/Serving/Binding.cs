using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Binds all endpoints of a server, or none.</summary>
internal static class Binding
{
    /// <exception cref="ConnectionException">One cannot be bound, or its host name not be resolved; the message names it, the server and the option.</exception>
    public static async Task<ConnectionListener[]> BindAsync(
        HostedServerOptions options, string server, ILoggerFactory? loggerFactory, TimeProvider? timeProvider, CancellationToken cancellationToken)
    {
        var listeners = new List<ConnectionListener>();
        try
        {
            foreach (var endPoint in options.EndPoints)
            {
                try
                {
                    var addresses = await ResolveAsync(endPoint, cancellationToken).ConfigureAwait(false);
                    BindEach(addresses, address => listeners.Add(ConnectionListener.Bind(address, options.Listener, loggerFactory, timeProvider)));
                }
                catch (ConnectionException exception)
                {
                    throw WithOrigin(exception, server, endPoint);
                }
            }

            return [.. listeners];
        }
        catch
        {
            await CloseAsync(listeners).ConfigureAwait(false);
            throw;
        }
    }

    public static async ValueTask CloseAsync(IEnumerable<ConnectionListener> listeners)
    {
        foreach (var listener in listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    // Machines without IPv6 have ::1 in their hosts file all the same, for localhost. It is no loss.
    private static void BindEach(EndPoint[] addresses, Action<EndPoint> bind)
    {
        var (bound, missing) = (0, (ConnectionException?)null);
        foreach (var address in addresses)
        {
            try
            {
                bind(address);
                bound++;
            }
            catch (ConnectionException exception) when (
                exception.Error == ConnectionError.AddressNotAvailable && address is IPEndPoint ip && IPAddress.IsLoopback(ip.Address))
            {
                missing = exception;
            }
        }

        if (bound == 0 && missing is not null)
        {
            throw missing;
        }
    }

    private static async ValueTask<EndPoint[]> ResolveAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        if (endPoint is not DnsEndPoint name)
        {
            return [endPoint];
        }

        // Not for the resolver, which refuses 0.0.0.0 and [::].
        var addresses = IPAddress.TryParse(name.Host, out var literal) ? [literal] : await ResolveAsync(name, cancellationToken).ConfigureAwait(false);
        EndPoint[] found = [.. addresses
            .Where(address => name.AddressFamily is AddressFamily.Unspecified || name.AddressFamily == address.AddressFamily)
            .Distinct()
            .Select(address => new IPEndPoint(address, name.Port))];
        return found.Length > 0
            ? found
            : throw new ConnectionException(ConnectionError.HostNotFound, "listen", name, detail: "the host name has no address of that family");
    }

    private static async ValueTask<IPAddress[]> ResolveAsync(DnsEndPoint name, CancellationToken cancellationToken)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(name.Host, name.AddressFamily, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw SocketErrors.ToException(exception, "listen", name, remote: null);
        }
    }

    // Whoever reads it knows neither which of several servers it was, nor what of the settings a resolved address came from.
    private static ConnectionException WithOrigin(ConnectionException exception, string server, EndPoint endPoint) => new(
        exception.Error,
        exception.Operation,
        exception.LocalEndPoint,
        remoteEndPoint: null,
        exception.InnerException,
        detail: $"{exception.Cause}; {nameof(HostedServerOptions.EndPoints)} of the server {server} has {ErrorSentence.Format(endPoint)}");
}
