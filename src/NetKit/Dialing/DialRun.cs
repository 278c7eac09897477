using System.Diagnostics;
using System.Net;

namespace NetKit;

/// <summary>One dial from its beginning to its end: name resolution, then the race of the attempts.</summary>
internal sealed class DialRun
{
    private readonly EndPoint _endPoint;
    private readonly DialerOptions _options;
    private readonly Connector _connector;
    private readonly DialReport _report;
    private readonly DialDecision _decision;
    private readonly TimeProvider? _timeProvider;

    public DialRun(
        EndPoint endPoint,
        DialerOptions options,
        Connector connector,
        DialReport report,
        Deadline limit,
        TimeProvider? timeProvider,
        CancellationToken caller)
    {
        _endPoint = endPoint;
        _options = options;
        _connector = connector;
        _report = report;
        _timeProvider = timeProvider;
        _decision = new DialDecision(Deadline.After(options.ConnectTimeout, timeProvider), limit, timeProvider, caller);
    }

    /// <summary>The connection, when the dial has ended with one. The caller owns it.</summary>
    public Connection? Connection { get; private set; }

    /// <summary>Runs the dial. When it ends, nothing of it is left but the connection.</summary>
    public async ValueTask<DialVerdict> RunAsync(HostLookup lookup)
    {
        try
        {
            var addresses = await ResolveAsync(lookup).ConfigureAwait(false);
            if (addresses.Length > 0)
            {
                addresses = DialTarget.ReachableFrom(_options.LocalEndPoint, addresses);
                await RaceAsync(addresses).ConfigureAwait(false);
            }

            _decision.Fail();
            if (_decision.Verdict == DialVerdict.DeadlineExceeded && _report.Count == 0)
            {
                // Not one could begin.
                var (outcome, error) = DialErrors.OfStop(_decision.Verdict, AttemptLimit.None, _options.LocalEndPoint, addresses[0]);
                _report.Add(new DialAttempt(addresses[0], DialPhase.Connect, _report.Elapsed, TimeSpan.Zero, outcome, error));
            }

            return _decision.Verdict;
        }
        finally
        {
            _decision.Close();
        }
    }

    private async ValueTask<EndPoint[]> ResolveAsync(HostLookup lookup)
    {
        if (_endPoint is not DnsEndPoint host)
        {
            return DialTarget.AddressesOf(_endPoint);
        }

        if (IPAddress.TryParse(host.Host, out var literal))
        {
            return AddressesOf(host, new HostAnswer([literal]), span: null, _report.Elapsed);
        }

        var started = _report.Elapsed;
        var span = DialSpans.StartResolution(host.Host);
        try
        {
            return AddressesOf(host, await lookup.ResolveAsync(host.Host, _decision.Stop).ConfigureAwait(false), span, started);
        }
        catch (OperationCanceledException)
        {
            var (outcome, error) = DialErrors.OfStop(_decision.Verdict, AttemptLimit.None, _options.LocalEndPoint, host);
            EndWithResolution(span, started, outcome, error);
            return [];
        }
    }

    private EndPoint[] AddressesOf(DnsEndPoint host, HostAnswer answer, Activity? span, TimeSpan started)
    {
        var addresses = DialTarget.AddressesOf(host, answer.Addresses);
        DialSpans.SetAnswer(span, answer.Addresses);
        if (addresses.Length > 0)
        {
            NetKitActivities.End(span);
        }
        else
        {
            EndWithResolution(span, started, DialOutcome.Failed, DialErrors.ToException(answer, host));
        }

        return addresses;
    }

    private void EndWithResolution(Activity? span, TimeSpan started, DialOutcome outcome, ConnectionException? error)
    {
        NetKitActivities.End(span, error);
        _report.Add(new DialAttempt(_endPoint, DialPhase.NameResolution, started, _report.Elapsed - started, outcome, error));
    }

    private ValueTask RaceAsync(EndPoint[] addresses)
    {
        // Windows lets no two sockets have the same port, even if they go to different peers.
        var lanes = OperatingSystem.IsWindows() && _options.LocalEndPoint is IPEndPoint { Port: not 0 } ? 1 : RacePlan.MostLanes;
        var plan = new RacePlan(addresses.Length, _options.AttemptDelay, lanes);
        var tls = _options.Tls is null ? null : ClientTls.For(_options.Tls, DialTarget.TlsHostOf(_endPoint));
        return new AddressRace(plan, _decision, _timeProvider, AttemptAsync, _report.Add).RunAsync();

        Task<DialAttempt> AttemptAsync(int index)
        {
            var limit = AttemptLimit.Of(_decision.Remaining, plan.Left + 1, lanes, _options.AttemptTimeout);
            return new AddressAttempt(addresses[index], limit, _options.LocalEndPoint, tls, _decision, _report)
                .RunAsync(_connector, connection => Connection = connection);
        }
    }
}
