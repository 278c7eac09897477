using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace NetKit.Tests.Stress;

/// <summary>One end of a link: a connection, the operations on it, and what may be done to them meanwhile. Any thread may call.</summary>
/// <remarks>In each direction one activity goes on at a time: operations, one or several at once, then perhaps more of them.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "Semaphores and token sources without wait handle and timer hold nothing.")]
internal sealed partial class End(string side, Link link, Connection connection, Flow outgoing, int seed)
{
    private const int MostTogether = 3;
    private const int MostRounds = 4;

    private static readonly TimeSpan s_never = TimeSpan.MaxValue;
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _completing = new(1);
    private readonly SemaphoreSlim _closing = new(1);
    private End? _peer;
    private volatile Operation? _completion;
    private volatile Operation? _close;
    private volatile bool _isClosed;
    private volatile bool _hasBegunEnd;
    private volatile bool _hasSentEnd;
    private volatile bool _hasSeenEnd;

    /// <summary>What the other end is to receive.</summary>
    public Flow Outgoing => outgoing;

    public Connection Connection => connection;

    /// <summary>Tells whether this end was closed or aborted, or is about to be.</summary>
    public bool IsClosed => _isClosed;

    private End Peer => _peer!;

    private Flow Incoming => Peer.Outgoing;

    public override string ToString() => $"{link}, {side}";

    /// <summary>Names the other end. Once, before anything else.</summary>
    public void Face(End peer) => _peer = peer;

    /// <summary>Sets the deadline of reads, those under way included.</summary>
    public void MoveReadDeadline(Random random) => connection.ReadDeadline = Pick(random);

    /// <summary>Sets the deadline of writes, those under way included.</summary>
    public void MoveWriteDeadline(Random random) => connection.WriteDeadline = Pick(random);

    /// <summary>Begins to half-close, unless that goes on already.</summary>
    public void Complete(Random random)
    {
        if (_completing.Wait(0))
        {
            _ = CompleteOnceAsync(random.Next(3) == 0 ? GiveUpAfter(random) : CancellationToken.None);
        }
    }

    /// <summary>Takes every limit away, so that whatever can end does.</summary>
    public void LiftLimits()
    {
        connection.SetDeadline(Deadline.None);
        connection.ReadTimeout = Timeout.Infinite;
        connection.WriteTimeout = Timeout.Infinite;
    }

    /// <summary>Half-closes, and reads to the end of what the other end says.</summary>
    public async Task FinishAsync()
    {
        var draining = DrainAsync();
        await StopWritingAsync().ConfigureAwait(false);
        while (!_hasSentEnd)
        {
            LiftLimits();
            await CompleteAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await draining.ConfigureAwait(false);
    }

    /// <summary>Waits until nothing goes on any more; nothing begins after that.</summary>
    public async Task StopAsync()
    {
        await _reading.WaitAsync().ConfigureAwait(false);
        await StopWritingAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the connection, whatever goes on.</summary>
    public async Task CutAsync(Cut way)
    {
        _isClosed = true;
        switch (way)
        {
            case Cut.Abort:
                connection.Abort();
                break;
            case Cut.Close:
                await CloseAsync().ConfigureAwait(false);
                break;
            case Cut.CloseAndAbort:
                var closing = CloseAsync();
                connection.Abort();
                await closing.ConfigureAwait(false);
                break;
            case Cut.CloseBlocking:
                connection.Dispose();
                break;
        }
    }

    /// <summary>Closes politely. Also what has been closed already.</summary>
    public async Task CloseAsync()
    {
        _isClosed = true;
        await _closing.WaitAsync().ConfigureAwait(false);
        _close = new Operation("close", s_never, CancellationToken.None);
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Findings.Report($"{this}, close: {exception}");
        }

        _close = null;
        _closing.Release();
    }

    /// <summary>Tells whether something has a reason to end right now.</summary>
    public bool HasDue
    {
        get
        {
            var (readIsDue, writeIsDue) = Due;
            return _reads.Any(read => read is not null && (readIsDue || read.IsDue))
                || _writes.Any(write => write is not null && (writeIsDue || write.IsDue))
                || (_standing is { } standing && (writeIsDue || !IsWriting || standing.IsDue))
                || (_completion is { } completion && (writeIsDue || !IsWriting || completion.IsDue))
                || _close is not null;
        }
    }

    /// <summary>What has had a reason to end for longer than it may; null when nothing has.</summary>
    public string? StuckAt(TimeSpan patience)
    {
        var (readIsDue, writeIsDue) = Due;
        var stuck = _reads.FirstOrDefault(read => Stuck(read, readIsDue, patience) is not null)
            ?? _writes.FirstOrDefault(write => Stuck(write, writeIsDue || HasRoom(write, patience), patience) is not null)
            ?? Stuck(_standing, writeIsDue || !IsWriting, patience)
            ?? Stuck(_completion, writeIsDue || !IsWriting, patience)
            ?? Stuck(_close, isDue: true, patience);
        return stuck is null ? null : $"{side}: {stuck}; {Describe()}; the other end: {Peer.Describe()}";
    }

    /// <summary>Says what the kernel has of this end. Makes .NET's view of a socket that was accepted without one.</summary>
    public string DescribeSocket() => Ask(SocketState.Describe) ?? "no socket";

    private (bool Read, bool Write) Due
    {
        get
        {
            var isOver = _isClosed || Peer._isClosed;
            var readIsDue = isOver || Peer._hasSentEnd || Peer.IsWriting || Incoming.IsInFlight || connection.ReadDeadline.HasPassed;
            return (readIsDue, isOver || connection.WriteDeadline.HasPassed);
        }
    }

    private static Operation? Stuck(Operation? operation, bool isDue, TimeSpan patience) =>
        operation?.IsStuck(isDue, patience) == true ? operation : null;

    // Asked only of a write that waits for long: the question makes a socket of what was accepted without one.
    private bool HasRoom(Operation? write, TimeSpan patience) => write?.HasTaken(patience) == true && Ask(static socket => socket.Poll(0, SelectMode.SelectWrite));

    // Sticky: whatever comes later begins with it.
    private static Deadline Pick(Random random) => random.Next(100) switch
    {
        < 40 => Deadline.None,
        < 60 => Deadline.After(s_hour),
        < 85 => Deadline.After(TimeSpan.FromMilliseconds(1 + random.Next(30))),
        < 95 => Deadline.After(TimeSpan.FromMilliseconds(100 + random.Next(400))),
        _ => Deadline.After(TimeSpan.Zero),
    };

    private static int PickTimeout(Random random) => random.Next(16) == 0 ? 1 + random.Next(40) : Timeout.Infinite;

    private static TimeSpan LimitOf(int timeout) =>
        timeout == Timeout.Infinite ? s_never : Heartbeat.Now + TimeSpan.FromMilliseconds(timeout);

    private static CancellationToken GiveUpAfter(Random random) => new CancellationTokenSource(random.Next(30)).Token;

    private async Task CompleteOnceAsync(CancellationToken token)
    {
        await CompleteAsync(token).ConfigureAwait(false);
        _completing.Release();
    }

    private async Task CompleteAsync(CancellationToken token)
    {
        _hasBegunEnd = true;
        _completion = new Operation("complete writes", s_never, token);
        try
        {
            await connection.CompleteWritesAsync(token).ConfigureAwait(false);
            _hasSentEnd = true;
        }
        catch (DeadlineExceededException)
        {
            // Not sent.
        }
        catch (OperationCanceledException exception) when (exception.CancellationToken == token)
        {
            // Not sent.
        }
        catch (ConnectionException exception) when (MayFailWith(exception, isCompletion: true))
        {
            // Cut.
        }
        catch (Exception exception)
        {
            Findings.Report($"{this}, complete writes: {exception}");
        }

        _completion = null;
    }

    /// <summary>Tells whether an operation may fail so: by its own close, or because the link was cut.</summary>
    private bool MayFailWith(ConnectionException exception, bool isCompletion = false) => exception.Error switch
    {
        ConnectionError.Closed => _isClosed || (isCompletion && link.IsCut),
        ConnectionError.Reset => link.IsCut,
        _ => false,
    };

    private string Describe()
    {
        var operations = string.Join(", ", _reads.Concat(_writes).Append(_standing).Append(_completion).Append(_close).Where(static operation => operation is not null));
        return $"{operations} (read deadline {connection.ReadDeadline}, write deadline {connection.WriteDeadline}, closed {_isClosed}, "
            + $"end sent {_hasSentEnd}, end seen {_hasSeenEnd}, {Outgoing}, {DescribeSocket()})";
    }

    private T? Ask<T>(Func<Socket, T> question)
    {
        try
        {
            return connection.Socket is { } socket ? question(socket) : default;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return default;
        }
    }
}
