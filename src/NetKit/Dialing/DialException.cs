using System.Globalization;
using System.Net;

namespace NetKit;

/// <summary>Reports that no attempt of a dial gave a connection, and how each of them went.</summary>
/// <remarks>
/// <para><see cref="ConnectionException.Error"/> is <see cref="ConnectionError.DeadlineExceeded"/> when the time of the whole
/// dial was over; else it is that of the address which was to be preferred. The inner exception is that address's error
/// in either case.</para>
/// <para>The message lists every attempt; those that went the same way in one entry, with the time of each:
/// "10.0.0.7:443: connect failed 3 times, at 0 ms, 38 ms and 112 ms, connection refused, nobody listens there".</para>
/// </remarks>
public sealed class DialException : ConnectionException
{
    /// <summary>Describes a dial that failed.</summary>
    /// <param name="error">Why it failed, in one word.</param>
    /// <param name="endPoint">Where to, as the caller asked; null when unknown.</param>
    /// <param name="attempts">Every attempt, the preferred address's first. Of a dial that was repeated, those of all rounds.</param>
    /// <param name="innerException">The error that is to blame. Default (null): that of the first attempt that has one.</param>
    /// <param name="localEndPoint">This side's endpoint, where one was asked for.</param>
    /// <param name="detail">Why it failed, in place of the usual words for <paramref name="error"/>; null keeps those.</param>
    public DialException(
        ConnectionError error,
        EndPoint? endPoint,
        IReadOnlyList<DialAttempt> attempts,
        Exception? innerException = null,
        EndPoint? localEndPoint = null,
        string? detail = null)
        : base(
            error,
            "dial",
            localEndPoint,
            endPoint,
            innerException ?? FirstErrorOf(attempts),
            detail: Describe(detail ?? ErrorSentence.CauseOf(error), attempts)) => Attempts = attempts;

    /// <summary>Lists every attempt, in the order in which they began.</summary>
    public IReadOnlyList<DialAttempt> Attempts { get; }

    private static ConnectionException? FirstErrorOf(IReadOnlyList<DialAttempt> attempts)
    {
        ArgumentNullException.ThrowIfNull(attempts);
        return attempts.Select(static attempt => attempt.Error).FirstOrDefault(static error => error is not null);
    }

    private static string Describe(string cause, IReadOnlyList<DialAttempt> attempts)
    {
        ArgumentNullException.ThrowIfNull(attempts);
        return attempts.Count == 0
            ? cause
            : string.Create(CultureInfo.InvariantCulture, $"{cause} (attempts: {attempts.Count}; {AttemptList.Describe(attempts)})");
    }
}
