using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>A connection as Kestrel sees it.</summary>
/// <remarks>
/// Kestrel reads and writes it directly: there is no pipe between the two, no loop that fills or drains one, and no change of
/// thread. So a request is read, handled and answered where its arrival was seen. Answers to requests that came together are
/// gathered, and leave together: before anybody waits for the client, and before anything ends.
/// </remarks>
internal sealed partial class TransportConnection : ConnectionContext, IDuplexPipe, IEndObserver
{
    private readonly Connection _connection;
    private readonly ConnectionListener _listener;
    private readonly MemoryPool<byte> _pool;
    private readonly ILogger _logger;
    private readonly TransportReader _input;
    private readonly TransportWriter _output;
    private readonly CancellationTokenSource _closed = new(); // its lock guards _closing
    private Task? _closing;
    private ConnectionAbortedException? _abortReason;
    private string? _outcome; // what happened to it first; null while nothing has
    private readonly long _began;
    private int _isOutputCompleted;
    private int _isDisposed;

    public TransportConnection(Connection connection, ConnectionListener listener, MemoryPool<byte> pool, ILogger logger)
    {
        _connection = connection;
        _listener = listener;
        _pool = pool;
        _logger = logger;
        _input = new TransportReader(connection, this);
        _output = new TransportWriter(connection, this);
        Transport = this;
        ConnectionClosed = _closed.Token;
        IsObserved = connection.TryObserveEnd(this);
        _began = MonotonicClock.Now(clock: null);
        ConnectionReport.Began(connection);
    }

    /// <summary>Whether the end of the peer is told to us while nobody reads.</summary>
    public bool IsObserved { get; }

    /// <summary>Whether the peer has sent more than was read.</summary>
    public bool HasUnreadInput => _input.HasUnread;

    public override string ConnectionId
    {
        get => field ??= _connection.Id;
        set;
    }

    public override IDuplexPipe Transport { get; set; }

    public override IDictionary<object, object?> Items
    {
        get => field ??= new ConnectionItems();
        set;
    }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint
    {
        get => field ?? _connection.LocalEndPoint;
        set;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => field ?? _connection.RemoteEndPoint;
        set;
    }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    public override void Abort() => Abort(new ConnectionAbortedException());

    /// <summary>Resets the connection. Whoever reads gets the reason; whoever writes hears that nobody reads any more.</summary>
    /// <param name="abortReason">Null, which Kestrel gives against its own signature once the client has finished sending: then nothing failed, and there is a reset only if an answer is stuck.</param>
    public override void Abort(ConnectionAbortedException? abortReason)
    {
        // What was answered before this leaves before it, as far as there is room, and unless another thread is just sending it: a reset waits for nobody.
        SendHeldOutput();
        if (abortReason is not null || _output.IsSending)
        {
            Interlocked.CompareExchange(ref _abortReason, abortReason, null);
            Interlocked.CompareExchange(ref _outcome, "aborted", null);
            _connection.Abort();
        }

        OnEnded();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _input.Complete();
            _output.Complete();
            await _output.WhenSentAsync().ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
            ConnectionReport.Ended(_connection, TimeSpan.FromTicks(MonotonicClock.Now(clock: null) - _began), Volatile.Read(ref _outcome) ?? "completed");
            _listener.OnConnectionClosed();
        }

        await CloseTokenAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Sends the answers that are held back to be sent with the next.</summary>
    public void SendHeldOutput() => _output.SendHeld();

    /// <summary>Says that the peer has finished sending, or that the connection is gone. Never waits: who listens to the token is called in the thread pool.</summary>
    public void OnEnded() => _ = CloseTokenAsync();

    /// <summary>What the reader gets for what the connection threw.</summary>
    public Exception ReadFailure(Exception exception)
    {
        OnFailed(exception);
        if (exception is not ConnectionException failure)
        {
            return exception;
        }

        return failure.Error switch
        {
            ConnectionError.Closed => Volatile.Read(ref _abortReason) ?? new ConnectionAbortedException(failure.Message, failure),
            ConnectionError.Reset or ConnectionError.Aborted => new ConnectionResetException(failure.Message, failure),
            _ => failure,
        };
    }

    public void OnWriteFailed(Exception exception)
    {
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            Log.ConnectionEnded(_logger, _connection.ToString(), exception.Message);
        }

        OnFailed(exception);
    }

    /// <summary>Sends the end once all that was written is sent; or resets, if the output failed.</summary>
    public void OnOutputCompleted(Exception? failure)
    {
        if (Interlocked.Exchange(ref _isOutputCompleted, 1) != 0)
        {
            return;
        }

        if (failure is not null)
        {
            Abort(failure as ConnectionAbortedException ?? new ConnectionAbortedException(failure.Message, failure));
        }
        else if (Volatile.Read(ref _isDisposed) == 0)
        {
            _ = EndOutputAsync();
        }
    }

    private void OnFailed(Exception exception)
    {
        if (exception is ConnectionException { Error: not ConnectionError.Closed })
        {
            Interlocked.CompareExchange(ref _outcome, "lost", null);
        }

        OnEnded();
    }

    private async Task EndOutputAsync()
    {
        await _output.WhenSentAsync().ConfigureAwait(false);
        try
        {
            await _connection.CompleteWritesAsync().ConfigureAwait(false);
        }
        catch (ConnectionException exception)
        {
            OnWriteFailed(exception);
        }
    }

    private Task CloseTokenAsync()
    {
        lock (_closed)
        {
            return _closing ??= CancelAsync();
        }
    }

    private async Task CancelAsync()
    {
        try
        {
            await _closed.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException exception)
        {
            // A callback on the token threw. The others were called all the same.
            Log.StopCallbackFailed(_logger, exception);
        }
    }
}
