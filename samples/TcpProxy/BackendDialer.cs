using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

/// <summary>Connects a client to a backend: the next one, and when that does not answer the one after it, until one does or the time is over.</summary>
internal sealed class BackendDialer(IDialer dialer, BackendPicker picker, TimeSpan connectTimeout, TimeProvider clock, ILogger logger)
{
    // Long enough for a first packet that was lost to be sent again, which the system does after a second.
    private static readonly TimeSpan s_leastShare = TimeSpan.FromSeconds(1.5);

    // Then every client fails, thousands in a second: one line for each would make it worse.
    private static readonly TimeSpan s_betweenComplaints = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _complained
    private long? _complained;

    /// <summary>Dials. The ticket and the connection are the caller's to dispose; null when no backend answered.</summary>
    public async ValueTask<(BackendTicket Ticket, Connection Connection)?> DialAsync()
    {
        var deadline = Deadline.After(connectTimeout, clock);
        List<Backend> tried = [];
        while (!deadline.HasPassed && picker.TryPick(tried) is { } ticket)
        {
            tried.Add(ticket.Backend);
            if (await TryDialAsync(ticket, Share(deadline.Remaining, picker.CountLeft(tried))) is { } connection)
            {
                return (ticket, connection);
            }
        }

        return null;
    }

    // A backend that swallows packets must leave time for those that would answer.
    private static TimeSpan Share(TimeSpan remaining, int othersLeft)
    {
        var share = remaining / (othersLeft + 1);
        var least = s_leastShare < remaining ? s_leastShare : remaining;
        return share > least ? share : least;
    }

    private async ValueTask<Connection?> TryDialAsync(BackendTicket ticket, TimeSpan share)
    {
        var backend = ticket.Backend;
        Connection? connection = null;
        try
        {
            using var limit = new CancellationTokenSource(share, clock);
            connection = await dialer.DialAsync(backend.EndPoint, limit.Token);
            if (ticket.OnConnected())
            {
                Log.BackendIsBack(logger, backend.Name);
            }

            return connection;
        }
        catch (ConnectionException failure) when (failure.Error is ConnectionError.ResourceExhausted or ConnectionError.AddressNotAvailable)
        {
            // We are out of descriptors, memory or ports. The backend has no part in it.
            backend.CountFailedDial();
            if (MayComplain())
            {
                Log.CannotDial(logger, backend.Name, failure.Message);
            }

            return null;
        }
        catch (Exception failure) when (failure is ConnectionException or OperationCanceledException)
        {
            backend.CountFailedDial();
            if (ticket.OnFailed() is { } time)
            {
                var why = failure is ConnectionException ? failure.Message : "it does not answer in time";
                Log.BackendIsPutAside(logger, backend.Name, time.TotalMilliseconds, why);
            }

            return null;
        }
        finally
        {
            if (connection is null)
            {
                ticket.Dispose();
            }
        }
    }

    private bool MayComplain()
    {
        lock (_gate)
        {
            if (_complained is { } before && clock.GetElapsedTime(before) < s_betweenComplaints)
            {
                return false;
            }

            _complained = clock.GetTimestamp();
            return true;
        }
    }
}
