using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace NetKit;

/// <summary>Makes what a server calls for each connection of a handler among the services.</summary>
internal static class HandlerLifetime
{
    /// <summary>Adds a handler as a singleton, unless it was added already.</summary>
    public static void AddHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(IServiceCollection services)
        where THandler : class, IConnectionHandler => services.TryAddSingleton<THandler>();

    /// <summary>For a singleton its method itself, at no cost a connection; for others a scope for each connection, with a handler of its own.</summary>
    public static Func<Connection, CancellationToken, Task> Resolve<THandler>(IServiceProvider provider, IServiceCollection services)
        where THandler : class, IConnectionHandler
    {
        if (services.Last(static service => service.ServiceType == typeof(THandler) && !service.IsKeyedService).Lifetime == ServiceLifetime.Singleton)
        {
            return provider.GetRequiredService<THandler>().HandleAsync;
        }

        var scopes = provider.GetRequiredService<IServiceScopeFactory>();
        return (connection, stopping) => HandleInScopeAsync<THandler>(scopes, connection, stopping);
    }

    private static async Task HandleInScopeAsync<THandler>(IServiceScopeFactory scopes, Connection connection, CancellationToken stopping)
        where THandler : class, IConnectionHandler
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(connection, stopping).ConfigureAwait(false);
        }
    }
}
