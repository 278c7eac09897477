using Microsoft.Extensions.Diagnostics.HealthChecks;
using NetKit;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds checks of servers and pools to the health checks of an application.</summary>
public static class NetKitHealthChecksBuilderExtensions
{
    /// <summary>Adds a check of a server: healthy while clients can come in, degraded while it is full, and failed before it has started, while it drains, and after.</summary>
    /// <param name="builder">The health checks of the application.</param>
    /// <param name="server">The name of the server, which is that of the check too: the one it was added by, its handler's type, or the path of its section.</param>
    /// <param name="failureStatus">What a failed check says. Default (null): <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">By which checks are chosen. Default (null): none.</param>
    /// <returns>The same health checks.</returns>
    /// <remarks>For readiness, not for liveness: a server that drains must get no more clients, but must not be killed either.</remarks>
    public static IHealthChecksBuilder AddNetKitServer(
        this IHealthChecksBuilder builder, string server, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(server);
        return builder.Add(new HealthCheckRegistration(
            server, provider => new ServerHealthCheck(Find<HostedConnectionServer>(provider, server)), failureStatus, tags));
    }

    /// <summary>Adds a check of a pool: healthy while it has connections or can open one, degraded when it can open none but has some, and failed otherwise.</summary>
    /// <param name="builder">The health checks of the application.</param>
    /// <param name="pool">The name of the pool, which is that of the check too.</param>
    /// <param name="failureStatus">What a failed check says. Default (null): <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">By which checks are chosen. Default (null): none.</param>
    /// <param name="timeout">How long a dial may take. Default (null): as long as the dialer lets it.</param>
    /// <returns>The same health checks.</returns>
    /// <remarks>
    /// A pool that has no connection, or whose last dial failed, is asked to open one, at the pace that the pool keeps with an endpoint that is down: so the
    /// check tells that the endpoint is back before anybody uses the pool. Otherwise it only looks.
    /// </remarks>
    public static IHealthChecksBuilder AddNetKitPool(
        this IHealthChecksBuilder builder, string pool, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(pool);
        return builder.Add(new HealthCheckRegistration(
            pool, provider => new PoolHealthCheck(Find<ConnectionPool>(provider, pool)), failureStatus, tags, timeout));
    }

    private static TService Find<TService>(IServiceProvider provider, string name)
        where TService : class =>
        provider.GetKeyedService<TService>(name)
        ?? throw new InvalidOperationException($"A health check is about a {typeof(TService).Name} named \"{name}\", and there is none.");
}
