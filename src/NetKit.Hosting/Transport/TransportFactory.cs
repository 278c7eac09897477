using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace NetKit;

/// <summary>Binds endpoints for Kestrel.</summary>
internal sealed class TransportFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly NetKitTransportOptions _options;
    private readonly ILoggerFactory _loggerFactory;
    private readonly IMemoryPoolFactory<byte>? _pools;

    public TransportFactory(
        IOptions<NetKitTransportOptions> options, ILoggerFactory loggerFactory, IMemoryPoolFactory<byte>? pools = null)
    {
        _options = options.Value;
        _loggerFactory = loggerFactory;
        _pools = pools;
    }

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or UnixDomainSocketEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (!CanBind(endpoint))
        {
            throw new NotSupportedException(
                $"NetKit's transport binds IP and Unix socket endpoints; {endpoint} is a {endpoint.GetType().Name}, which stays with Kestrel's own transports.");
        }

        if (_options.Listener is not { } listener)
        {
            throw new InvalidOperationException($"{nameof(NetKitTransportOptions)}.{nameof(NetKitTransportOptions.Listener)} must not be null.");
        }

        var options = listener.Validated();
        options.ObservesEnds = true;
        var bound = Bind(endpoint, options);
        var pool = _pools?.Create(new MemoryPoolOptions { Owner = "netkit" }) ?? MemoryPool<byte>.Shared;
        return new ValueTask<IConnectionListener>(new TransportListener(bound, pool, _loggerFactory));
    }

    private ConnectionListener Bind(EndPoint endpoint, ListenerOptions options)
    {
        try
        {
            return ConnectionListener.Bind(endpoint, options, _loggerFactory);
        }
        catch (ConnectionException exception) when (exception.Error == ConnectionError.AddressInUse)
        {
            throw new AddressInUseException(exception.Message, exception);
        }
        catch (ConnectionException exception) when (exception.InnerException is SocketException cause)
        {
            // As Kestrel expects it: where there is no IPv6, it goes on with IPv4 alone, but not after an IOException.
            throw new SocketException((int)cause.SocketErrorCode, exception.Message);
        }
    }
}
