using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>What comes before a server's handlers: the PROXY header and the TLS handshake, of all connections that are not through with it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
internal sealed class Prefaces
{
    private readonly ConnectionServer _server;
    private readonly ConnectionServerOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _complete; // nothing comes in any more

    private Prefaces(ConnectionServer server, ConnectionServerOptions options, ILogger logger, TimeProvider timeProvider, ServerTls? tls)
    {
        _server = server;
        _options = options;
        Tls = tls;
        Gate = new HandshakeGate(options.MaxConcurrentHandshakes);
        Logger = logger;
        TimeProvider = timeProvider;
        Stopping = _stop.Token;
    }

    /// <summary>How many connections are not through.</summary>
    public int Count => Volatile.Read(ref _count);

    public ServerTls? Tls { get; }

    public ProxyProtocolOptions? ProxyProtocol => _options.ProxyProtocol;

    public TimeSpan Timeout => _options.HandshakeTimeout;

    public HandshakeGate Gate { get; }

    public ILogger Logger { get; }

    public TimeProvider TimeProvider { get; }

    /// <summary>Is cancelled when the server stops: nothing was asked of it yet on these connections.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Makes it for a server; null when its handlers get connections as they come.</summary>
    public static Prefaces? Create(ConnectionServer server, ConnectionServerOptions options, ILogger logger, TimeProvider timeProvider)
    {
        // Asked before anything of TLS is touched: an assembly that is loaded takes two descriptors, and some milliseconds.
        return options.HasTls || options.ProxyProtocol is not null
            ? new Prefaces(server, options, logger, timeProvider, ServerTls.Create(options, logger, timeProvider))
            : null;
    }

    /// <summary>Takes a connection that was accepted.</summary>
    public void Begin(Connection connection, in AdmissionTicket ticket)
    {
        // Its time begins to run here.
        var preface = new Preface(this, connection, ticket);
        Interlocked.Increment(ref _count);
        ConnectionReport.HandshakeBegan(connection);
        preface.Start();
    }

    /// <summary>Gives a connection that is through to its handler.</summary>
    public void HandOver(Connection connection, in AdmissionTicket ticket) => _server.Serve(connection, ticket);

    /// <summary>Is called once for each connection, when it is through or closed.</summary>
    public void OnEnded(in AdmissionTicket ticket, bool isHandedOver)
    {
        if (!isHandedOver)
        {
            _server.OnTurnedAway(ticket);
        }

        Interlocked.Decrement(ref _count);
        SignalIfEmpty();
    }

    /// <summary>Ends what is under way, and whatever still begins.</summary>
    public void Stop() => _stop.CancelAsync().Abandon();

    /// <summary>Waits, now that nothing comes in any more, until no connection is here; but not for ever, for a user's callback may hang.</summary>
    public async ValueTask WaitUntilEmptyAsync(TimeSpan patience)
    {
        // With a fence, so that either the last to leave sees this, or it is seen to have left.
        Interlocked.Exchange(ref _complete, true);
        SignalIfEmpty();
        try
        {
            await _empty.Task.WaitAsync(Deadline.After(patience, TimeProvider)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What hangs finds the server stopped when it comes back, and closes its connection.
        }
    }

    private void SignalIfEmpty()
    {
        if (Volatile.Read(ref _complete) && Count == 0)
        {
            _empty.TrySetResult();
        }
    }
}
