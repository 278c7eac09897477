using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetKit;

namespace Microsoft.Extensions.DependencyInjection;

// Servers of connections.
public static partial class NetKitServiceCollectionExtensions
{
    /// <summary>Adds a server of connections at an endpoint, which runs with the application. Its name is that of the handler's type.</summary>
    /// <typeparam name="THandler">
    /// Serves the connections. One for all of them, added as a singleton, unless it was added to the services before as scoped or transient: then
    /// each connection has a scope and a handler of its own, which end with it. Only that costs anything a connection.
    /// </typeparam>
    /// <param name="services">The services of the application.</param>
    /// <param name="endPoint">Where clients come in: see <see cref="HostedServerOptions.EndPoints"/>.</param>
    /// <param name="configure">Sets the options. Default (null): the defaults of <see cref="HostedServerOptions"/>.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// <para>The server binds when the application starts, and serves from then on: add it after what its handlers need running. See
    /// <see cref="HostedConnectionServer"/> for how it stops. Options that make no sense, and endpoints that cannot be bound, fail the start.</para>
    /// <para>A <see cref="TimeProvider"/> among the services is the clock of the server and its connections.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">There is a server of that name already.</exception>
    public static IServiceCollection AddConnectionServer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, EndPoint endPoint, Action<HostedServerOptions>? configure = null)
        where THandler : class, IConnectionHandler
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return services.AddConnectionServer<THandler>(typeof(THandler).Name, options =>
        {
            options.EndPoints = [endPoint];
            configure?.Invoke(options);
        });
    }

    /// <summary>Adds a server of connections that a section of the configuration describes. Its name is the path of the section.</summary>
    /// <typeparam name="THandler">Serves the connections; its lifetime is as for the overload by endpoint.</typeparam>
    /// <param name="services">The services of the application.</param>
    /// <param name="section">
    /// <para>The section, read when the application starts. EndPoint, or EndPoints as a list, is host:port, unix:/path, or unix:@name for an abstract address (Linux); * is every address.</para>
    /// <para>CertificatePath, CertificateKeyPath and CertificatePassword are as in <see cref="HostedServerOptions"/>; MaxConnections, LimitMode, DrainTimeout,
    /// IdleTimeout, MaxConnectionLifetime, MinReceiveRate (BytesPerSecond and GracePeriod), AcceptLoops, HandshakeTimeout, MaxConcurrentHandshakes, ProxyProtocol
    /// (TrustedNetworks, ServeUntrusted, MaxHeaderLength) and RunContinuationsAsynchronously as in <see cref="ConnectionServerOptions"/>; Listener is a section
    /// with what is in <see cref="ListenerOptions"/>.</para>
    /// <para>Durations are 00:00:30, 30 s, 250 ms, 5 min or 2 h; infinite is none, for IdleTimeout and others that may be null. A key that is none of these
    /// fails the start, as does a value that makes no sense, EndPoint beside EndPoints, and a section with nothing in it.</para>
    /// </param>
    /// <param name="configure">Sets further options, after the section was read. Default (null): none.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentException">There is a server of that name already.</exception>
    public static IServiceCollection AddConnectionServer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, IConfigurationSection section, Action<HostedServerOptions>? configure = null)
        where THandler : class, IConnectionHandler
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddConnectionServer<THandler>(section.Path, options =>
        {
            section.Read(options, ServerSettings.ReadInto);
            configure?.Invoke(options);
        });
    }

    /// <summary>Adds a server of connections by a name of its own.</summary>
    /// <typeparam name="THandler">Serves the connections; its lifetime is as for the overload by endpoint.</typeparam>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">Names it among the services, in failures, and for <see cref="NetKitHealthChecksBuilderExtensions.AddNetKitServer"/>.</param>
    /// <param name="configure">Sets the options, at least <see cref="HostedServerOptions.EndPoints"/>.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentException">There is a server of that name already.</exception>
    public static IServiceCollection AddConnectionServer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, string name, Action<HostedServerOptions> configure)
        where THandler : class, IConnectionHandler
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        RequireNew<HostedConnectionServer>(services, name);
        services.AddCheckedOptions<HostedServerOptions>(name, configure, static options => options.Validate());
        HandlerLifetime.AddHandler<THandler>(services);
        services.AddKeyedSingleton<HostedConnectionServer>(name, (provider, _) => new HostedConnectionServer(
            name,
            provider.GetRequiredService<IOptionsMonitor<HostedServerOptions>>(),
            HandlerLifetime.Resolve<THandler>(provider, services),
            provider.GetService<IHostApplicationLifetime>(),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<TimeProvider>()));

        // The same one, under each name by which somebody looks for it.
        services.AddSingleton<HostedConnectionServer>(provider => provider.GetRequiredKeyedService<HostedConnectionServer>(name));
        return services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<HostedConnectionServer>(name));
    }

    private static void RequireNew<TService>(IServiceCollection services, string name)
    {
        if (services.Any(service => service.ServiceType == typeof(TService) && service.IsKeyedService && name.Equals(service.ServiceKey)))
        {
            throw new ArgumentException($"There is a {typeof(TService).Name} named \"{name}\" already.", nameof(name));
        }
    }

    // Read and checked before anything of the application starts.
    private static void AddCheckedOptions<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(
        this IServiceCollection services, string name, Action<TOptions> configure, Action<TOptions> check)
        where TOptions : class
    {
        services.AddOptions<TOptions>(name).Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>>(new OptionsCheck<TOptions>(name, check));
    }
}
