using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Keeps how one dial goes on, and tells whoever wants to know: the callback, the log, the instruments, the spans.</summary>
internal sealed class DialReport
{
    private static long s_lastId;

    private readonly EndPoint _endPoint;
    private readonly TimeSpan _before;
    private readonly Action<DialAttempt>? _onAttempt;
    private readonly ILogger _logger;
    private readonly TimeProvider? _timeProvider;
    private readonly List<DialAttempt> _attempts = [];
    private readonly long _start;
    private readonly Activity? _span;
    private readonly long _id; // 0: nobody was told that it began

    /// <param name="endPoint">Where to.</param>
    /// <param name="before">How long the dial that this is a round of has been under way.</param>
    /// <param name="options">Who is told.</param>
    /// <param name="logger">The log.</param>
    /// <param name="timeProvider">The clock.</param>
    public DialReport(EndPoint endPoint, TimeSpan before, DialerOptions options, ILogger logger, TimeProvider? timeProvider)
    {
        _endPoint = endPoint;
        _before = before;
        _onAttempt = options.OnAttempt;
        _logger = logger;
        _timeProvider = timeProvider;
        _start = MonotonicClock.Now(timeProvider);
        _span = DialSpans.StartDial(endPoint);
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Dials))
        {
            _id = Interlocked.Increment(ref s_lastId);
            NetKitEventSource.Log.DialStart(_id, ErrorSentence.Format(endPoint));
        }
    }

    /// <summary>How long the dial has been under way.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(MonotonicClock.Now(_timeProvider) - _start);

    /// <summary>How many attempts have ended.</summary>
    public int Count => _attempts.Count;

    /// <summary>The attempts, in the order in which they began. To be asked for when all have ended.</summary>
    public IReadOnlyList<DialAttempt> Attempts => [.. _attempts.OrderBy(static attempt => attempt.Started)];

    /// <summary>Takes in an attempt that has ended, its beginning as <see cref="Elapsed"/> counts. One at a time.</summary>
    public void Add(DialAttempt attempt)
    {
        attempt = attempt.Later(_before);
        _attempts.Add(attempt);
        NetKitMetrics.DialAttemptEnded(NameOf(attempt.Outcome), DialSpans.FamilyOf(attempt.EndPoint));
        if (_logger.IsEnabled(LogLevel.Trace))
        {
            Log.DialAttemptEnded(_logger, ErrorSentence.Format(_endPoint), attempt.ToString());
        }

        Tell(attempt);
    }

    /// <summary>Says that the dial has given a connection to this address.</summary>
    public void Succeed(EndPoint? address)
    {
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            Log.Dialed(
                _logger,
                ErrorSentence.Format(_endPoint),
                Elapsed.TotalMilliseconds,
                address is null ? "an unknown address" : ErrorSentence.Format(address),
                _attempts.Count);
        }

        if (_id != 0 && NetKitEventSource.Traces(NetKitEventSource.Keywords.Dials))
        {
            NetKitEventSource.Log.DialConnected(_id, address is null ? null : ErrorSentence.Format(address));
        }

        End(DialOutcome.Connected);
    }

    /// <summary>Says that the dial has failed.</summary>
    public void Fail(DialException exception)
    {
        Log.DialFailed(_logger, Elapsed.TotalMilliseconds, exception);
        if (_id != 0 && NetKitEventSource.Traces(NetKitEventSource.Keywords.Dials, EventLevel.Warning))
        {
            NetKitEventSource.Log.DialFailed(_id, exception.Message);
        }

        End(exception.Error == ConnectionError.DeadlineExceeded ? DialOutcome.TimedOut : DialOutcome.Failed, exception);
    }

    /// <summary>Says that the caller has cancelled the dial.</summary>
    public void Cancel()
    {
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            Log.DialCancelled(_logger, ErrorSentence.Format(_endPoint), Elapsed.TotalMilliseconds, _attempts.Count);
        }

        End(DialOutcome.Cancelled);
    }

    private void End(DialOutcome outcome, ConnectionException? error = null)
    {
        var seconds = Elapsed.TotalSeconds;
        NetKitMetrics.DialEnded(seconds, NameOf(outcome));
        if (_id != 0 && NetKitEventSource.Traces(NetKitEventSource.Keywords.Dials))
        {
            NetKitEventSource.Log.DialStop(_id, NameOf(outcome), _attempts.Count, seconds);
        }

        _span?.SetTag("netkit.dial.attempts", _attempts.Count).SetTag("netkit.dial.outcome", NameOf(outcome));
        NetKitActivities.End(_span, error);
    }

    private void Tell(DialAttempt attempt)
    {
        try
        {
            _onAttempt?.Invoke(attempt);
        }
        catch (Exception exception)
        {
            Log.AttemptCallbackFailed(_logger, exception);
        }
    }

    private static string NameOf(DialOutcome outcome) => outcome switch
    {
        DialOutcome.Connected => "connected",
        DialOutcome.Failed => "failed",
        DialOutcome.TimedOut => "timed_out",
        DialOutcome.Lost => "lost",
        _ => "cancelled",
    };
}
