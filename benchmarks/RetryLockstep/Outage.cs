using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Benchmarks;

/// <summary>Lets many clients lose their server in the same instant and dial until it is back, on a clock of their own.</summary>
/// <remarks>One thread does it all, in an order that the seeds decide: the same run gives the same instants.</remarks>
internal sealed class Outage : IDialer
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly long _began;
    private readonly TimeSpan _length;

    private Outage(TimeSpan length) => (_began, _length) = (_clock.GetTimestamp(), length);

    /// <summary>When each attempt began, those that succeeded included.</summary>
    public List<TimeSpan> Attempts { get; } = [];

    /// <summary>When each client was back.</summary>
    public List<TimeSpan> Returns { get; } = [];

    /// <summary>Runs one.</summary>
    /// <param name="clients">How many there are.</param>
    /// <param name="length">How long the server refuses.</param>
    /// <param name="makeDialer">Makes a client's dialer around the one that meets the server; on the clock given, by the client's number.</param>
    public static Outage Run(int clients, TimeSpan length, Func<IDialer, TimeProvider, int, IDialer> makeDialer)
    {
        var outage = new Outage(length);
        var dials = new Task<Connection>[clients];
        for (var client = 0; client < clients; client++)
        {
            dials[client] = makeDialer(outage, outage._clock, client).DialAsync(new IPEndPoint(IPAddress.Loopback, 80)).AsTask();
        }

        while (Array.Exists(dials, static dial => !dial.IsCompleted))
        {
            outage._clock.Advance(s_step);
        }

        foreach (var dial in dials)
        {
            dial.Result.Dispose();
        }

        return outage;
    }

    /// <summary>Counts instants by pieces of time.</summary>
    public static int[] Count(IEnumerable<TimeSpan> instants, TimeSpan from, TimeSpan to, TimeSpan piece)
    {
        var counts = new int[(int)((to - from) / piece)];
        foreach (var instant in instants.Where(instant => instant >= from && instant < to))
        {
            counts[(int)((instant - from) / piece)]++;
        }

        return counts;
    }

    public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        var now = _clock.GetElapsedTime(_began);
        Attempts.Add(now);
        if (now < _length)
        {
            return ValueTask.FromException<Connection>(new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: endPoint));
        }

        Returns.Add(now);
        var (near, far) = Connection.CreatePair();
        far.Dispose();
        return ValueTask.FromResult(near);
    }
}
