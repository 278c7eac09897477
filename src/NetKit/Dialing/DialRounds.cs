using System.Globalization;
using System.Net;
using System.Text;

namespace NetKit;

/// <summary>Keeps what the rounds of one dial tried, and makes the exception that tells all of it.</summary>
/// <remarks>Safe for rounds side by side, as a hedging pipeline runs them.</remarks>
internal sealed class DialRounds(EndPoint endPoint, TimeProvider? clock)
{
    // A dial that is repeated for days must not fill the memory with what it tried.
    private const int MostAttempts = 1_000;

    private readonly Lock _gate = new(); // guards all that follows
    private readonly Queue<DialAttempt> _attempts = [];
    private readonly long _start = MonotonicClock.Now(clock);
    private int _rounds;
    private long _forgotten;

    /// <summary>How long the dial has been under way.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(MonotonicClock.Now(clock) - _start);

    /// <summary>Counts a round.</summary>
    /// <returns>When it began.</returns>
    public TimeSpan Begin()
    {
        lock (_gate)
        {
            _rounds++;
            return Elapsed;
        }
    }

    /// <summary>Takes in what a round tried.</summary>
    /// <param name="began">When the round began.</param>
    /// <param name="failure">How it failed; what is no <see cref="DialException"/> is one attempt.</param>
    /// <param name="byOurClock">Whether its attempts count from the beginning of the dial; else from that of the round.</param>
    public void Add(TimeSpan began, ConnectionException failure, bool byOurClock)
    {
        var attempts = failure is DialException { Attempts: { Count: > 0 } tried }
            ? tried.Select(attempt => attempt.Later(byOurClock ? TimeSpan.Zero : began))
            :
            [
                new DialAttempt(
                    failure.RemoteEndPoint ?? endPoint,
                    DialPhase.Connect,
                    began,
                    Elapsed - began,
                    failure.Error == ConnectionError.DeadlineExceeded ? DialOutcome.TimedOut : DialOutcome.Failed,
                    failure),
            ];
        lock (_gate)
        {
            foreach (var attempt in attempts)
            {
                _attempts.Enqueue(attempt);
                if (_attempts.Count > MostAttempts)
                {
                    _attempts.Dequeue();
                    _forgotten++;
                }
            }
        }
    }

    /// <summary>Tells whether the last failure is the whole story.</summary>
    public bool AreToldBy(ConnectionException last)
    {
        lock (_gate)
        {
            return last is DialException { Attempts.Count: var count } && count == _attempts.Count && _forgotten == 0;
        }
    }

    /// <summary>Makes the exception that lists every attempt of every round.</summary>
    /// <param name="error">Why the dial failed.</param>
    /// <param name="words">The same in words; null for the usual ones.</param>
    /// <param name="inner">The error that is to blame.</param>
    /// <param name="local">This side's endpoint, where one was asked for.</param>
    /// <param name="ending">Why there were no more rounds; null when that goes without saying.</param>
    public DialException ToException(ConnectionError error, string? words, Exception? inner, EndPoint? local, string? ending)
    {
        lock (_gate)
        {
            var detail = new StringBuilder(words ?? ErrorSentence.CauseOf(error));
            detail.Append(CultureInfo.InvariantCulture, $", in {_rounds} round{(_rounds == 1 ? "" : "s")}");
            if (ending is not null)
            {
                detail.Append("; ").Append(ending);
            }

            if (_forgotten > 0)
            {
                detail.Append(CultureInfo.InvariantCulture, $"; the first {_forgotten} attempts are not listed");
            }

            return new DialException(
                error, endPoint, [.. _attempts.OrderBy(static attempt => attempt.Started)], inner, local, detail.ToString());
        }
    }
}
