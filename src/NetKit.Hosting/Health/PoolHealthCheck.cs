using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NetKit;

/// <summary>Tells whether a pool can serve whoever comes.</summary>
internal sealed class PoolHealthCheck(ConnectionPool pool) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var before = pool.GetStatistics();
        var open = before.Idle + before.Leased;
        if (open > 0 && pool.DialError is null)
        {
            return HealthCheckResult.Healthy(data: Describe(before));
        }

        try
        {
            // One more than there are: only a dial can bring it, and so tell how the endpoint is. That there is room for one follows from
            // the last dial, if it failed, and from there being none otherwise; who came between has told enough.
            await OpenAsync(Math.Min(open + 1, pool.MaxConnections), cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy(data: Describe(pool.GetStatistics()));
        }
        catch (ConnectionException exception)
        {
            var after = pool.GetStatistics();
            return new HealthCheckResult(
                after.Idle + after.Leased > 0 ? HealthStatus.Degraded : context.Registration.FailureStatus, exception.Message, exception, Describe(after));
        }
    }

    private async ValueTask OpenAsync(int count, CancellationToken cancellationToken)
    {
        if (pool.Keeps(count))
        {
            await pool.WarmUpAsync(count, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            // None is idle, so this one is dialed; unless somebody returns one first, which tells as much.
            var lease = await pool.AcquireAsync(cancellationToken).ConfigureAwait(false);
            await lease.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static Dictionary<string, object> Describe(ConnectionPoolStatistics statistics) => new()
    {
        ["idle"] = statistics.Idle,
        ["leased"] = statistics.Leased,
        ["dialing"] = statistics.Dialing,
        ["waiting"] = statistics.Waiting,
    };
}
