using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NetKit;

/// <summary>Tells whether a server takes clients.</summary>
internal sealed class ServerHealthCheck(HostedConnectionServer server) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var active = server.ActiveConnections;
        var data = new Dictionary<string, object> { ["active"] = active };
        return Task.FromResult(
            !server.IsAccepting ? new HealthCheckResult(context.Registration.FailureStatus, "The server takes no clients: it has not started, drains or has stopped.", data: data)
            : active >= server.MaxConnections ? HealthCheckResult.Degraded($"The server is full: {active} connections.", data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}
