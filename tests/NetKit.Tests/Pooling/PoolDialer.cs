using System.Net;

namespace NetKit.Tests.Pooling;

/// <summary>Dials in memory, as the test says: at once, when told to, or not at all. Keeps the other end of every connection.</summary>
internal sealed class PoolDialer(TimeProvider? time = null) : IDialer
{
    private readonly Lock _gate = new();
    private readonly List<Connection> _servers = [];
    private readonly Queue<TaskCompletionSource> _held = [];
    private int _cancelled;

    public static EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 7);

    /// <summary>What dials fail with; null while they succeed.</summary>
    public Func<Exception>? Failure { get; set; }

    /// <summary>Whether dials wait until the test releases them.</summary>
    public bool Holds { get; set; }

    /// <summary>Whether a held dial ignores its token.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Is called at the start of each dial.</summary>
    public Action<CancellationToken>? Dialing { get; set; }

    public int Dials { get; private set; }

    public int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>The dials that wait for the test.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held.Count(dial => !dial.Task.IsCompleted);
            }
        }
    }

    /// <summary>The other ends of all connections so far.</summary>
    public Connection[] Servers
    {
        get
        {
            lock (_gate)
            {
                return [.. _servers];
            }
        }
    }

    /// <summary>How many connections the pool's side has not closed.</summary>
    public int Open => Servers.Count(server => server.CheckIdle(ask: true) is IdleState.Quiet or IdleState.Unread);

    public static ConnectionException Refused() => new(ConnectionError.Refused, "dial", remoteEndPoint: EndPoint);

    /// <summary>Lets the dial that has been held longest go on.</summary>
    public async Task ReleaseAsync(int count = 1)
    {
        for (; count > 0; count--)
        {
            await Eventually.True(() => Held > 0, "a dial that is held");
            TaskCompletionSource next;
            lock (_gate)
            {
                do
                {
                    next = _held.Dequeue();
                }
                while (next.Task.IsCompleted);
            }

            next.TrySetResult();
        }
    }

    public async ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        TaskCompletionSource? hold = null;
        lock (_gate)
        {
            Dials++;
            if (Holds)
            {
                hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _held.Enqueue(hold);
            }
        }

        Dialing?.Invoke(cancellationToken);
        if (hold is not null)
        {
            using var stop = cancellationToken.UnsafeRegister(
                (_, token) =>
                {
                    if (!IsDeaf && hold.TrySetCanceled(token))
                    {
                        Interlocked.Increment(ref _cancelled);
                    }
                }, null);
            await hold.Task;
        }

        if (Failure is { } failure)
        {
            throw failure();
        }

        var (client, server) = Connection.CreatePair(time);
        lock (_gate)
        {
            _servers.Add(server);
        }

        return client;
    }
}
