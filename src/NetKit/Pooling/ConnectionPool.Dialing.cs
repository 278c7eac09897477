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
        using var span = NetKitTracing.Source.HasListeners() ? NetKitTracing.Source.StartActivity("pool dial", ActivityKind.Client) : null;
        try
        {
            connection = await _dialer.DialAsync(_endPoint, dial.Token).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"The dialer {_dialer.GetType().Name} brought no connection.");
        }
        catch (Exception exception)
        {
            // Whatever it was: the dial has ended, and its place is free again.
            failure = exception;
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
        }

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
        var effects = default(PoolEffects);
        var now = Now;
        Exception? before;
        using (Enter(now, ref effects))
        {
            before = _core.DialError;
            _core.DialSucceeded(dial, entry, now, ref effects);
        }

        if (before is not null)
        {
            Log.PoolDialsAgain(_logger, Where);
        }

        CarryOut(ref effects);
    }

    private void OnDialFailed(PooledDial dial, Exception failure)
    {
        if (!dial.IsCancelled)
        {
            Log.PoolDialFailed(_logger, Where, failure);
        }

        var effects = default(PoolEffects);
        var now = Now;
        using (Enter(now, ref effects))
        {
            _core.DialFailed(dial, failure, now, ref effects);
        }

        CarryOut(ref effects);
    }

    private async Task WarmUpCoreAsync(int count, CancellationToken cancellationToken)
    {
        var warmUp = new PendingWarmUp { Target = count };
        var effects = default(PoolEffects);
        var now = Now;
        using (Enter(now, ref effects))
        {
            _core.WarmUp(warmUp, now, ref effects);
        }

        CarryOut(ref effects);
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
        var effects = default(PoolEffects);
        var now = Now;
        bool isCancelled;
        using (Enter(now, ref effects))
        {
            isCancelled = _core.Cancel(warmUp, now, ref effects);
        }

        CarryOut(ref effects);
        if (isCancelled)
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
        var now = Now;
        int count;
        using (Enter(now, ref effects))
        {
            count = _core.Abandon(ref effects);
        }

        if (count > 0)
        {
            Log.PoolAbandonedLeases(_logger, Where, count, _options.DrainTimeout);
        }

        for (var entry = effects.Closing; entry is not null; entry = entry.NextClosing)
        {
            ((PooledConnection)entry).Connection.Abort();
        }

        CarryOut(ref effects);
    }
}
