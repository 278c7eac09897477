using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Binds all endpoints of a server, or none.</summary>
internal static class Binding
{
    /// <exception cref="ConnectionException">One cannot be bound, or its host name not be resolved.</exception>
    public static async Task<ConnectionListener[]> BindAsync(
        HostedServerOptions options, ILoggerFactory? loggerFactory, TimeProvider? timeProvider, CancellationToken cancellationToken)
    {
        var listeners = new List<ConnectionListener>();
        try
        {
            foreach (var endPoint in options.EndPoints)
            {
                foreach (var address in await ResolveAsync(endPoint, cancellationToken).ConfigureAwait(false))
                {
                    listeners.Add(ConnectionListener.Bind(address, options.Listener, loggerFactory, timeProvider));
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

    private static async ValueTask<IEnumerable<EndPoint>> ResolveAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        if (endPoint is not DnsEndPoint name)
        {
            return [endPoint];
        }

        try
        {
            var addresses = await Dns.GetHostAddressesAsync(name.Host, name.AddressFamily, cancellationToken).ConfigureAwait(false);
            return addresses.Distinct().Select(address => new IPEndPoint(address, name.Port));
        }
        catch (SocketException exception)
        {
            throw SocketErrors.ToException(exception, "listen", endPoint, remote: null);
        }
    }
}
