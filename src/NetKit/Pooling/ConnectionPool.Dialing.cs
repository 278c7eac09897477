using System.Diagnostics;

namespace NetKit;

// Dials, warming up, and draining.
public sealed partial class ConnectionPool
{
    /// <summary>Runs a dial, in nobody's context, and reports it.</summary>
    internal async Task DialAsync(PooledDial dial)
    {
        Connection? connection = null;
        Exception? failure = null;

        // A root: a dial has no one caller. Those who wait for it link to it.
        var span = NetKitActivities.Start("pool dial", ActivityKind.Client);
        try
        {
            connection = await _dialer.DialAsync(_endPoint, dial.Token).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"The dialer {_dialer.GetType().Name} brought no connection.");
        }
        catch (Exception exception)
        {
            // Whatever it was: the dial has ended, and its place is free again.
            failure = exception;
        }

        NetKitActivities.End(span, failure);
        if (connection is not null)
        {
            OnDialed(dial, new PooledConnection(this, connection) { DialedBy = span?.Context ?? default });
        }
        else
        {
            OnDialFailed(dial, failure!);
        }
    }

    private void OnDialed(PooledDial dial, PooledConnection entry)
    {
        NetKitMetrics.PoolOpened();
        var hadFailed = Let((dial, entry), static (core, told, now, ref effects) =>
        {
            var hadFailed = core.DialError is not null;
            core.DialSucceeded(told.dial, told.entry, now, ref effects);
            return hadFailed;
        });
        if (hadFailed)
        {
            Log.PoolDialsAgain(_logger, Where);
        }
    }

    private void OnDialFailed(PooledDial dial, Exception failure)
    {
        if (!dial.IsCancelled)
        {
            Log.PoolDialFailed(_logger, Where, failure);
        }

        Let((dial, failure), static (core, told, now, ref effects) => core.DialFailed(told.dial, told.failure, now, ref effects));
    }

    private async Task WarmUpCoreAsync(int count, CancellationToken cancellationToken)
    {
        var warmUp = new PendingWarmUp { Target = count };
        Let(warmUp, static (core, wanted, now, ref effects) => core.WarmUp(wanted, now, ref effects));
        await using (cancellationToken.UnsafeRegister(static (state, token) =>
        {
            var (pool, cancelled) = ((ConnectionPool, PendingWarmUp))state!;
            pool.OnCancelled(cancelled, token);
        }, (this, warmUp)).ConfigureAwait(false))
        {
            await warmUp.Task.ConfigureAwait(false);
        }
    }

    private void OnCancelled(PendingWarmUp warmUp, CancellationToken token)
    {
        if (Let(warmUp, static (core, cancelled, now, ref effects) => core.Cancel(cancelled, now, ref effects)))
        {
            warmUp.Cancel(token);
        }
    }

    /// <summary>Waits until everything is closed; false when that takes too long.</summary>
    private async Task<bool> DrainAsync()
    {
        try
        {
            await _drained.Task.WaitAsync(Deadline.After(_options.DrainTimeout, _clock)).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void AbandonLeases()
    {
        var effects = default(PoolEffects);
        var count = Enter(0, static (core, _, _, ref effects) => core.Abandon(ref effects), ref effects);

        if (count > 0)
        {
            Log.PoolAbandonedLeases(_logger, Where, count, _options.DrainTimeout);
        }

        CarryOut(ref effects);
    }
}
