using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>One dial with all its rounds: lets each begin, decides whether another follows, and says how it ended.</summary>
/// <remarks>Knows nothing of what repeats the rounds. Without a policy, a user's own pipeline decides when they are repeated.</remarks>
internal sealed class RetriedDial
{
    // What a last round gets above the time that it is expected to take: timers are late, and so are threads.
    private static readonly TimeSpan s_spare = TimeSpan.FromMilliseconds(10);

    private readonly IDialer _inner;
    private readonly RetryPolicy? _policy;
    private readonly CancellationToken _caller;
    private readonly DialRounds _rounds;
    private readonly EndPointRecord? _record;
    private readonly DialBudget? _budget;
    private TimeSpan _roundBegan; // this and the next: as DialRounds.Elapsed counts
    private TimeSpan _nextRound;
    private bool _isLast;
    private TimeSpan _quickestAnswer = TimeSpan.Zero;
    private bool _isUnknownHost;
    private ConnectionException? _lastFailure;
    private string? _ending;

    public RetriedDial(IDialer inner, EndPoint endPoint, RetryPolicy? policy, CancellationToken caller)
    {
        (_inner, EndPoint, _policy, _caller) = (inner, endPoint, policy, caller);
        _rounds = new DialRounds(endPoint, policy?.Clock);
        _record = policy?.RecordOf(endPoint);
        _budget = policy?.Options.TotalTimeout is { } time ? new DialBudget(time, policy.Clock, caller) : null;
    }

    public EndPoint EndPoint { get; }

    /// <summary>Is cancelled when the dial must end: by its caller, or because its time is over.</summary>
    public CancellationToken Stop => _budget?.Stop ?? _caller;

    /// <summary>When its time is over.</summary>
    public Deadline Limit => _budget?.Limit ?? Deadline.None;

    /// <summary>How long the next round is away; in whole milliseconds, which is what timers have.</summary>
    public TimeSpan NextWait => _nextRound - _rounds.Elapsed is var left && left > TimeSpan.Zero
        ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds))
        : TimeSpan.Zero;

    /// <summary>Asks whether a round may begin; every one that may must end by <see cref="Succeeded"/> or <see cref="Failed"/>.</summary>
    /// <returns>Why it may not; null when it may.</returns>
    public DialException? Begin(out DialRound round)
    {
        var turn = 0L;
        var refusal = _record?.Enter(out turn);
        round = refusal is null ? new DialRound(_rounds.Begin(), turn) : default;
        return refusal;
    }

    /// <summary>Runs a round in the time that is left.</summary>
    /// <remarks>NetKit's own dialer is told the limit, and so says what it tried when that is over.</remarks>
    /// <param name="round">Which.</param>
    /// <param name="stop">What ends a round of another dialer: <see cref="Stop"/>, or what a pipeline made of it.</param>
    public ValueTask<Connection> RunRoundAsync(DialRound round, CancellationToken stop) => _inner is IBoundedDialer bounded
        ? bounded.DialAsync(EndPoint, Limit, round.Began, _budget is null ? stop : _caller)
        : _inner.DialAsync(EndPoint, stop);

    public void Succeeded(DialRound round) => _record?.Succeeded(round.Turn);

    /// <summary>Takes in how a round failed.</summary>
    /// <returns>The same in our words, or as it is when it has nothing to do with the network.</returns>
    public Exception Failed(DialRound round, Exception exception)
    {
        if (_caller.IsCancellationRequested || Understand(exception, round) is not { } failure)
        {
            _record?.LearntNothing(round.Turn);
            return exception;
        }

        var kind = DialFailures.Classify(failure);
        _record?.Failed(round.Turn, kind, failure);
        _rounds.Add(round.Began, failure, byOurClock: _inner is IBoundedDialer);
        (_roundBegan, _lastFailure) = (round.Began, failure);

        // A refusal takes a round trip, and so does a connection that comes of the next round.
        if (kind == DialFailure.PeerDown && failure.Error is not (ConnectionError.DeadlineExceeded or ConnectionError.TimedOut))
        {
            var took = _rounds.Elapsed - round.Began;
            _quickestAnswer = _quickestAnswer == TimeSpan.Zero || took < _quickestAnswer ? took : _quickestAnswer;
        }

        return failure;
    }

    /// <summary>Decides whether another round follows, and when.</summary>
    /// <param name="exception">How the last round ended.</param>
    /// <param name="retry">How many retries there were before; 0 after the first round.</param>
    public bool WantsRetry(Exception exception, int retry)
    {
        var options = _policy!.Options;
        if (exception is not ConnectionException failure || Stop.IsCancellationRequested || options.MaxRetryAttempts == 0)
        {
            return false;
        }

        var kind = DialFailures.Classify(failure);
        if (!(options.ShouldRetry?.Invoke(failure) ?? IsWorthARetry(kind)))
        {
            return false;
        }

        if (retry >= options.MaxRetryAttempts)
        {
            _ending = string.Create(CultureInfo.InvariantCulture, $"MaxRetryAttempts is {options.MaxRetryAttempts}");
            return false;
        }

        var now = _rounds.Elapsed;
        var fromStart = _roundBegan + _policy.Backoff.Next(retry, _policy.Random()) - now;
        var wait = kind.LeastWait() + (fromStart > TimeSpan.Zero ? fromStart : TimeSpan.Zero);
        if (_isLast || (!Fits(wait) && !TryDrawLast(kind.LeastWait(), retry, out wait)))
        {
            _ending = $"a retry would not finish within TotalTimeout, which is {ErrorSentence.Format(options.TotalTimeout!.Value)}";
            return false;
        }

        if (options.ShouldRetry is null && _record?.MayAdmitAfter(wait) == false)
        {
            _ending = "the circuit has opened";
            return false;
        }

        _nextRound = now + wait;
        return true;
    }

    /// <summary>Says that another round follows.</summary>
    /// <param name="round">Which one has failed, from 1.</param>
    /// <param name="exception">How it failed.</param>
    public void TellRetry(int round, Exception? exception)
    {
        NetKitMetrics.DialRetried((exception as ConnectionException)?.Error ?? ConnectionError.Unknown);
        if (_policy!.Logger.IsEnabled(LogLevel.Information))
        {
            Log.DialRetried(_policy.Logger, ErrorSentence.Format(EndPoint), round, NextWait, exception);
        }
    }

    /// <summary>Waits for what is left of the time between two rounds: timers may ring early, a round never begins early.</summary>
    public async ValueTask UntilNextRoundAsync()
    {
        while (NextWait is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, _policy?.Clock ?? TimeProvider.System, Stop).ConfigureAwait(false);
        }
    }

    /// <summary>Lets go of the caller's token and of the clock.</summary>
    public void Close() => _budget?.Close();

    /// <summary>Makes what the caller gets when there is no connection.</summary>
    public Exception ToException(Exception last)
    {
        if (_caller.IsCancellationRequested)
        {
            return new OperationCanceledException("The dial was cancelled.", last as ConnectionException ?? _lastFailure, _caller);
        }

        var isLate = last is OperationCanceledException or ConnectionException { Error: ConnectionError.DeadlineExceeded } && Limit.HasPassed;
        var ending = isLate ? $"TotalTimeout is {ErrorSentence.Format(_policy!.Options.TotalTimeout!.Value)}" : _ending;
        return last switch
        {
            // Between two rounds, or of a pipeline's own accord.
            OperationCanceledException => _rounds.ToException(
                isLate ? ConnectionError.DeadlineExceeded : ConnectionError.Aborted,
                words: null,
                _lastFailure?.InnerException ?? _lastFailure ?? last,
                local: null,
                ending),
            ConnectionException failure when ending is null && _rounds.AreToldBy(failure) => failure,
            ConnectionException failure => _rounds.ToException(
                failure.Error,
                CauseOf(failure),
                failure.InnerException ?? failure,
                failure.LocalEndPoint,
                ending),
            _ => last,
        };
    }

    /// <summary>Why a round failed, in words: those of the attempt that is to blame, which may know more than the error's name says.</summary>
    private static string? CauseOf(ConnectionException failure) => failure switch
    {
        DialException { Attempts.Count: > 0, InnerException: ConnectionException blamed } when blamed.Error == failure.Error => blamed.Cause,
        DialException { Attempts.Count: > 0 } => null,
        _ => failure.Cause,
    };

    private bool Fits(TimeSpan wait) => Limit.Remaining - wait is var left && left > TimeSpan.Zero && left >= _quickestAnswer;

    /// <summary>Draws a wait from what is left of the time, for a last round, when the one that was drawn is too long.</summary>
    /// <remarks>
    /// Once: ever shorter waits would bring the clients of an outage back faster and faster. Drawn, not cut to what is left: that
    /// would bring them back as one.
    /// </remarks>
    private bool TryDrawLast(TimeSpan least, int retry, out TimeSpan wait)
    {
        var shortest = _policy!.Backoff.Floor(retry);
        var longest = Limit.Remaining - least - (2 * _quickestAnswer) - s_spare;
        _isLast = longest > shortest;
        wait = _isLast ? least + shortest + ((longest - shortest) * _policy.Random()) : TimeSpan.Zero;
        return _isLast;
    }

    private bool IsWorthARetry(DialFailure kind)
    {
        if (kind != DialFailure.HostUnknown)
        {
            return kind.IsWorthARetry();
        }

        // Once, and of a host that was there before: resolvers in clusters deny existing names for moments.
        var isFirst = !_isUnknownHost;
        _isUnknownHost = true;
        return isFirst && _record is { HasResolved: true };
    }

    private ConnectionException? Understand(Exception exception, DialRound round) => exception switch
    {
        ConnectionException failure => failure,
        SocketException failure => SocketErrors.ToException(failure, "dial", local: null, EndPoint),
        OperationCanceledException when Limit.HasPassed => new DialException(
            ConnectionError.DeadlineExceeded,
            EndPoint,
            [
                new DialAttempt(
                    EndPoint,
                    DialPhase.Connect,
                    TimeSpan.Zero,
                    _rounds.Elapsed - round.Began,
                    DialOutcome.TimedOut,
                    new DeadlineExceededException("dial", remoteEndPoint: EndPoint)),
            ]),
        _ => null,
    };
}

/// <summary>One round of a dial.</summary>
/// <param name="Began">When, counted from the beginning of the dial.</param>
/// <param name="Turn">What its circuit knows it by.</param>
internal readonly record struct DialRound(TimeSpan Began, long Turn);
