using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Runs a connection between two places of one process, without a socket.</summary>
internal sealed class MemoryConnection : ReadinessConnection
{
    private readonly MemoryChannel _incoming;
    private readonly MemoryChannel _outgoing;
    private EndPoint _local;
    private EndPoint _remote;

    private MemoryConnection(
        MemoryChannel incoming, MemoryChannel outgoing, EndPoint local, EndPoint remote, TimeProvider? timeProvider)
        : base(DeadlineScheduler.For(timeProvider))
    {
        _incoming = incoming;
        _outgoing = outgoing;
        _local = local;
        _remote = remote;

        // Never inline: the awaiting code would run inside the peer's own call, and theirs inside ours, without end.
        _incoming.ReaderReady = OnReceiveReadyElsewhere;
        _outgoing.WriterReady = () => OnSendReady(inline: false);
    }

    public override EndPoint LocalEndPoint => _local;

    public override EndPoint? RemoteEndPoint => ProxiedEndPoint.Shown(_remote);

    internal override ProxiedEndPoint? Proxied => _remote as ProxiedEndPoint;

    /// <summary>Makes both ends, each the other's peer. A listener's own endpoint may stand for the second.</summary>
    public static (MemoryConnection First, MemoryConnection Second) CreatePair(TimeProvider? timeProvider, EndPoint? second = null)
    {
        MemoryChannel forth = new();
        MemoryChannel back = new();
        EndPoint firstEnd = new MemoryEndPoint();
        var secondEnd = second ?? new MemoryEndPoint();
        return (
            new MemoryConnection(incoming: back, outgoing: forth, firstEnd, secondEnd, timeProvider),
            new MemoryConnection(incoming: forth, outgoing: back, secondEnd, firstEnd, timeProvider));
    }

    internal override void ShowAs(ProxyHeader header)
    {
        _local = header.Destination ?? _local;
        _remote = new ProxiedEndPoint(header, _remote);
    }

    internal override int TryReceive(Span<byte> buffer, out SocketError status) => _incoming.TryRead(buffer, out status);

    internal override int TrySend(ReadOnlySpan<byte> buffer, out SocketError status) => _outgoing.TryWrite(buffer, out status);

    private protected override IdleState LookAhead() => _incoming.LookAhead();

    private protected override void ArmReceive()
    {
        if (!_incoming.TryWaitToRead())
        {
            OnReceiveReady(inline: false);
        }
    }

    private protected override void ArmSend()
    {
        if (!_outgoing.TryWaitToWrite())
        {
            OnSendReady(inline: false);
        }
    }

    private protected override void ShutdownSend() => _outgoing.Complete();

    private protected override ValueTask ReleaseAsync()
    {
        Release();
        return ValueTask.CompletedTask;
    }

    private protected override void Release()
    {
        _outgoing.Complete();
        _incoming.Abandon();
    }

    private protected override void Reset()
    {
        _outgoing.Reset();
        _incoming.Reset();
    }
}
