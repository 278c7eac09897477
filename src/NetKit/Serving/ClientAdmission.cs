using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Decides who comes in, before there is anything of a connection but its socket, and counts who was turned away.</summary>
/// <remarks>
/// All accept loops of a server share it. By <see cref="ConnectionLimitMode.Wait"/>, a client that was accepted waits for room with the loop
/// that accepted it, and those behind it in the system's backlog. The address is that of the socket: what a proxy may tell of
/// another comes later, with the first bytes of the connection.
/// </remarks>
internal sealed class ClientAdmission
{
    private static readonly TimeSpan s_logInterval = TimeSpan.FromSeconds(10);

    private readonly ConnectionServerOptions _options;
    private readonly ServedConnections _connections;
    private readonly ILogger _logger;
    private readonly OnceAWhile _failureLog;
    private readonly SemaphoreSlim? _slots;
    private readonly int _rejectFrom;

    public ClientAdmission(ConnectionServerOptions options, ServedConnections connections, ILogger logger, TimeProvider timeProvider)
    {
        _options = options;
        _connections = connections;
        _logger = logger;
        _failureLog = new OnceAWhile(s_logInterval, timeProvider);
        _slots = options is { MaxConnections: { } slots, LimitMode: ConnectionLimitMode.Wait } ? new SemaphoreSlim(slots) : null;
        _rejectFrom = options is { MaxConnections: { } limit, LimitMode: ConnectionLimitMode.Reject } ? limit : int.MaxValue;
    }

    /// <summary>Waits until there is room for one more; false when the listener was closed first. The room is the caller's to use, or to give back.</summary>
    public async ValueTask<bool> WaitForRoomAsync(CancellationToken closed)
    {
        if (_slots is null)
        {
            return true;
        }

        try
        {
            await _slots.WaitAsync(closed).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        if (closed.IsCancellationRequested)
        {
            // Both at once: the one who left has made room because the server stops.
            _slots.Release();
            return false;
        }

        return true;
    }

    /// <summary>Asks the limiters for a client that has room. If it may not come in, the room is given back, and the client is the caller's to refuse.</summary>
    public bool TryAdmit(in Arrival arrival, ConnectionListener listener, out AdmissionTicket ticket)
    {
        ticket = default;
        if (!_connections.TryReserve(_rejectFrom))
        {
            OnRejected("limit", nameof(ConnectionServerOptions.MaxConnections), listener);
            return false;
        }

        // The address first: a flood from one must not use up what all share.
        if (_options.PerAddressLimiter is { } perAddress && arrival.Address is { } address)
        {
            if (Acquire(perAddress, address) is not { } lease)
            {
                OnRejected("address", nameof(ConnectionServerOptions.PerAddressLimiter), listener);
                Withdraw(ticket);
                return false;
            }

            ticket = new AdmissionTicket(lease, null);
        }

        if (_options.AcceptLimiter is { } limiter)
        {
            if (Acquire(limiter) is not { } lease)
            {
                OnRejected("rate", nameof(ConnectionServerOptions.AcceptLimiter), listener);
                Withdraw(ticket);
                return false;
            }

            ticket = ticket with { Accept = lease };
        }

        return true;
    }

    /// <summary>Gives back what a client got whose connection never began.</summary>
    public void Withdraw(in AdmissionTicket ticket)
    {
        GiveBack(ticket);
        _connections.CancelReservation();
        _slots?.Release();
    }

    /// <summary>Gives back what a client got whose connection has ended.</summary>
    public void Leave(ServedConnection served)
    {
        if (served is LimitedConnection limited)
        {
            GiveBack(limited.Ticket);
        }

        // Last: who sees that nobody is there any more sees all of it given back.
        _connections.Remove(served);
        _slots?.Release();
    }

    private RateLimitLease? Acquire(RateLimiter limiter)
    {
        try
        {
            return IfAcquired(limiter.AttemptAcquire());
        }
        catch (Exception exception)
        {
            LogFailure(nameof(ConnectionServerOptions.AcceptLimiter), exception);
            return null;
        }
    }

    private RateLimitLease? Acquire(PartitionedRateLimiter<IPAddress> limiter, IPAddress address)
    {
        try
        {
            return IfAcquired(limiter.AttemptAcquire(address));
        }
        catch (Exception exception)
        {
            LogFailure(nameof(ConnectionServerOptions.PerAddressLimiter), exception);
            return null;
        }
    }

    private static RateLimitLease? IfAcquired(RateLimitLease lease)
    {
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        return null;
    }

    private void GiveBack(in AdmissionTicket ticket)
    {
        GiveBack(ticket.Accept, nameof(ConnectionServerOptions.AcceptLimiter));
        GiveBack(ticket.Address, nameof(ConnectionServerOptions.PerAddressLimiter));
    }

    private void GiveBack(RateLimitLease? lease, string option)
    {
        try
        {
            lease?.Dispose();
        }
        catch (Exception exception)
        {
            // The limiter's own failure. What else the client had is given back all the same.
            LogFailure(option, exception);
        }
    }

    private void OnRejected(string reason, string option, ConnectionListener listener)
    {
        NetKitMetrics.ConnectionRejected(reason);
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Servers))
        {
            NetKitEventSource.Log.ConnectionRejected(ErrorSentence.Format(listener.LocalEndPoint), reason);
        }

        if (_logger.IsEnabled(LogLevel.Debug))
        {
            Log.ClientRefused(_logger, ErrorSentence.Format(listener.LocalEndPoint), option);
        }
    }

    private void LogFailure(string option, Exception exception)
    {
        if (_failureLog.IsTime(out var suppressed))
        {
            Log.LimiterFailed(_logger, option, suppressed, exception);
        }
    }
}
