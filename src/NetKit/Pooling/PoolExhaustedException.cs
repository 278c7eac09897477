using System.Globalization;
using System.Net;

namespace NetKit;

/// <summary>Reports that a pool had no connection to give: not within <see cref="ConnectionPoolOptions.AcquireTimeout"/>, or because too many wait already.</summary>
/// <remarks>
/// The message tells what the pool looked like and names the option to change. <see cref="ConnectionException.Error"/> is
/// <see cref="ConnectionError.PoolExhausted"/>; the inner exception is what the last dial failed with, or null if it did not.
/// The pool goes on: try again.
/// </remarks>
public sealed class PoolExhaustedException : ConnectionException
{
    private PoolExhaustedException(EndPoint endPoint, PoolSnapshot snapshot, Exception? cause, string detail)
        : base(ConnectionError.PoolExhausted, "acquire", localEndPoint: null, endPoint, cause, detail: detail)
    {
        Statistics = snapshot.Statistics;
        OldestLease = snapshot.OldestLease;
    }

    /// <summary>Counts what the pool had at that moment.</summary>
    public ConnectionPoolStatistics Statistics { get; }

    /// <summary>Tells how long the longest lease had lasted; null when there was none.</summary>
    public TimeSpan? OldestLease { get; }

    internal static PoolExhaustedException InTime(EndPoint endPoint, ConnectionPoolOptions options, PoolSnapshot snapshot) => new(
        endPoint,
        snapshot,
        snapshot.DialError,
        string.Create(
            CultureInfo.InvariantCulture,
            $"no connection within {nameof(ConnectionPoolOptions.AcquireTimeout)} ({options.AcquireTimeout.TotalSeconds:0.###} s): {snapshot.Describe(options)}"));

    internal static PoolExhaustedException TooManyWait(EndPoint endPoint, ConnectionPoolOptions options, PoolSnapshot snapshot) => new(
        endPoint,
        snapshot,
        snapshot.DialError,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{nameof(ConnectionPoolOptions.MaxWaiters)} ({options.MaxWaiters}) callers wait already: {snapshot.Describe(options)}"));
}
