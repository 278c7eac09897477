using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetKit;

namespace Microsoft.Extensions.DependencyInjection;

// Pools of connections.
public static partial class NetKitServiceCollectionExtensions
{
    /// <summary>Adds a pool of connections to an endpoint: a <see cref="ConnectionPool"/> by its name as a keyed service, and without a name while it is the only one.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The key, as in <c>[FromKeyedServices("name")]</c>; names it for <see cref="NetKitHealthChecksBuilderExtensions.AddNetKitPool"/> too.</param>
    /// <param name="endPoint">Where the connections go.</param>
    /// <param name="configure">Sets the options. Default (null): the defaults of <see cref="HostedPoolOptions"/>.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// <para>The pool is made when somebody first asks for it, and disposed of with the application's services, when all hosted services have stopped. An
    /// application that is disposed of without a stop closes what was made last first: a pool that only handlers with a scope have asked for goes before the
    /// server, and waits <see cref="ConnectionPoolOptions.DrainTimeout"/> for what they hold. It can
    /// only be disposed of asynchronously, as hosts do; dispose of a service provider of your own by <c>await using</c>.</para>
    /// <para>It dials by the <see cref="IDialer"/> of its name (a keyed service) if there is one, else by that of <see cref="AddDialer(IServiceCollection, Action{HostedDialerOptions}?)"/>,
    /// else by a <see cref="Dialer"/> of its own. A <see cref="TimeProvider"/> among the services is its clock. Options that make no sense fail the
    /// start of the application.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">There is a pool of that name already.</exception>
    public static IServiceCollection AddConnectionPool(
        this IServiceCollection services, string name, EndPoint endPoint, Action<HostedPoolOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return services.AddPool(name, options => options.EndPoint = endPoint, configure);
    }

    /// <summary>Adds a pool of connections that a section of the configuration describes.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The key.</param>
    /// <param name="section">
    /// The section, read when the application starts: EndPoint (host:port or unix:/path), and all of <see cref="ConnectionPoolOptions"/> but
    /// <see cref="ConnectionPoolOptions.Validate"/>. Written as for servers, and as strict.
    /// </param>
    /// <param name="configure">Sets further options, after the section was read. Default (null): none.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentException">There is a pool of that name already.</exception>
    public static IServiceCollection AddConnectionPool(
        this IServiceCollection services, string name, IConfigurationSection section, Action<HostedPoolOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddPool(name, options => section.Read(options, PoolSettings.ReadInto), configure);
    }

    private static IServiceCollection AddPool(
        this IServiceCollection services, string name, Action<HostedPoolOptions> read, Action<HostedPoolOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        RequireNew<ConnectionPool>(services, name);
        services.AddCheckedOptions<HostedPoolOptions>(name, read + configure, static options => options.Validate());
        services.AddKeyedSingleton<ConnectionPool>(name, (provider, _) => CreatePool(provider, name));
        services.AddSingleton(new PoolName(name));
        services.TryAddSingleton<ConnectionPool>(static provider =>
            provider.GetRequiredKeyedService<ConnectionPool>(PoolName.Only(provider.GetServices<PoolName>())));
        return services;
    }

    private static ConnectionPool CreatePool(IServiceProvider provider, string name)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<HostedPoolOptions>>().Get(name);
        var loggerFactory = provider.GetService<ILoggerFactory>();
        var timeProvider = provider.GetService<TimeProvider>();
        var dialer = provider.GetKeyedService<IDialer>(name) ?? provider.GetService<IDialer>() ?? new Dialer(null, loggerFactory, timeProvider);
        return new ConnectionPool(dialer, options.EndPoint!, options.Pool, loggerFactory, timeProvider);
    }
}
