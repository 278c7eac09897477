using System.Net;
using System.Threading.Channels;

namespace NetKit;

/// <summary>Accepts clients in memory, and is the dialer that brings them.</summary>
internal sealed class MemoryAcceptor : Acceptor, IDialer
{
    private readonly Channel<Connection> _backlog;
    private readonly TimeProvider? _timeProvider;
    private readonly MemoryEndPoint _endPoint;

    public MemoryAcceptor(int backlog, TimeProvider? timeProvider)
    {
        _backlog = Channel.CreateBounded<Connection>(backlog);
        _timeProvider = timeProvider;
        _endPoint = new MemoryEndPoint(this);
    }

    public override EndPoint LocalEndPoint => _endPoint;

    public override async ValueTask<Arrival> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new Arrival(await _backlog.Reader.ReadAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (ChannelClosedException)
        {
            throw new ConnectionException(ConnectionError.Closed, "accept", _endPoint);
        }
    }

    /// <summary>Opens a connection to the listener. The endpoint must be the listener's own.</summary>
    public async ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        if (!ReferenceEquals(endPoint, _endPoint))
        {
            throw new ConnectionException(
                ConnectionError.Refused, "dial", remoteEndPoint: endPoint, detail: $"this dialer reaches {_endPoint} only");
        }

        cancellationToken.ThrowIfCancellationRequested();
        var (client, server) = MemoryConnection.CreatePair(_timeProvider, second: _endPoint);
        try
        {
            await _backlog.Writer.WriteAsync(server, cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch (ChannelClosedException)
        {
            throw new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: _endPoint);
        }
    }

    public override ValueTask DisposeAsync()
    {
        _backlog.Writer.TryComplete();
        while (_backlog.Reader.TryRead(out var waiting))
        {
            waiting.Abort();
        }

        return ValueTask.CompletedTask;
    }
}
