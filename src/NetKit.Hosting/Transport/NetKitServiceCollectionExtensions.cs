using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NetKit;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds NetKit to the services of an application.</summary>
public static partial class NetKitServiceCollectionExtensions
{
    /// <summary>Lets Kestrel, the web server of ASP.NET Core, accept, read and write by NetKit.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Sets the options. Default (null): the defaults of <see cref="NetKitTransportOptions"/>.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// <para>It takes IP and Unix socket endpoints; others, such as named pipes and inherited handles, stay with Kestrel's own transports. Those are
    /// among the services of a WebApplication; where Kestrel is added by hand, it adds its sockets only if it is added before this. HTTP,
    /// TLS and all limits are Kestrel's as before. Calling it again only configures further.</para>
    /// <para>Nothing is read ahead of the app, and a flush ends when the system has taken the bytes: so the system's buffers bound what is
    /// held. Only when requests came together are answers gathered, up to 16 KB, and sent as one before anybody waits: for the client,
    /// or for anything else. Of Kestrel's limits <c>MaxRequestBufferSize</c> and <c>MaxResponseBufferSize</c> have no effect on the transport.</para>
    /// <para>A client that hangs up is noticed while its request is handled, as ever. Completing the output of a connection sends
    /// the end to the peer and leaves reading open, where Kestrel's own transport closes both.</para>
    /// </remarks>
    public static IServiceCollection AddNetKitTransport(
        this IServiceCollection services, Action<NetKitTransportOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<NetKitTransportOptions>();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        // Kestrel asks the last one first.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, TransportFactory>());
        return services;
    }
}
