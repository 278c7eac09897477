using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Runs a connection on a loop of the poller: TCP or Unix, on Linux.</summary>
/// <remarks>
/// One system call a read and one a write. A read asks the socket only when an event has said that there is something; a
/// read that did not fill its buffer has taken all, and the next one waits for the next event without asking.
/// </remarks>
internal sealed partial class PolledConnection : ReadinessConnection
{
    private readonly PolledDescriptor _descriptor;
    private readonly NativeAddress _accepted; // where the client came from, until somebody wants to see it
    private EndPoint? _local;
    private EndPoint? _remote;
    private SocketError _receiveError; // guarded by the reading turn, and by the owner of a read that waits
    private SocketError _sendError; // written under the writing turn
    private bool _isHandedOver; // guarded as _receiveError is; an event told the read that waited, and nobody else

    private PolledConnection(PolledDescriptor descriptor, TimeProvider? timeProvider)
        : base(new PolledHalf(descriptor.Loop.SchedulerFor(timeProvider))) => _descriptor = descriptor;

    private PolledConnection(PolledDescriptor descriptor, in NativeAddress accepted, EndPoint? local, TimeProvider? timeProvider)
        : this(descriptor, timeProvider)
    {
        _accepted = accepted;
        _local = local;
    }

    // A connection that was dropped and never closed. Whoever waits on it would have kept it.
    ~PolledConnection() => _descriptor.Close(abortive: false);

    public override EndPoint? LocalEndPoint => _local ??= Ask(NativeSocket.LocalEndPointOf);

    public override EndPoint? RemoteEndPoint =>
        ProxiedEndPoint.Shown(_remote ??= _accepted.ToEndPoint() ?? Ask(NativeSocket.RemoteEndPointOf));

    public override Socket? Socket => _descriptor.MakeSocket();

    internal override ProxiedEndPoint? Proxied => _remote as ProxiedEndPoint;

    internal override bool RunsContinuationsAsynchronously
    {
        get => ContinuesElsewhere;
        set => ContinuesElsewhere = value;
    }

    /// <summary>Makes a connection of a socket whose options are set.</summary>
    public static PolledConnection FromSocket(Socket socket, PollLoop loop, TimeProvider? timeProvider)
    {
        var isTcp = socket.ProtocolType == ProtocolType.Tcp;
        var descriptor = new PolledDescriptor(loop, (int)socket.Handle, socket, shortReadTellsNothing: !isTcp);
        return new PolledConnection(descriptor, timeProvider);
    }

    /// <summary>Makes a connection of a descriptor that was accepted.</summary>
    /// <param name="descriptor">The client's socket, whose options are set.</param>
    /// <param name="address">Where it came from; nothing for a Unix socket.</param>
    /// <param name="local">Where it came to, if that is known.</param>
    /// <param name="timeProvider">The clock of its timeouts.</param>
    public static PolledConnection FromAccepted(
        PolledDescriptor descriptor, in NativeAddress address, EndPoint? local, TimeProvider? timeProvider) =>
        new(descriptor, address, local, timeProvider);

    /// <summary>Makes a connection of a descriptor that was connected to an endpoint.</summary>
    /// <param name="descriptor">The socket, whose options are set.</param>
    /// <param name="remote">What it is connected to.</param>
    /// <param name="timeProvider">The clock of its timeouts.</param>
    public static PolledConnection FromDialed(PolledDescriptor descriptor, EndPoint remote, TimeProvider? timeProvider) =>
        new(descriptor, timeProvider) { _remote = remote };

    internal override void ShowAs(ProxyHeader header)
    {
        _local = header.Destination ?? LocalEndPoint;
        _remote = new ProxiedEndPoint(header, RemoteEndPoint);
    }

    internal override bool TryObserveEnd(IEndObserver observer)
    {
        if (_descriptor is not ObservedDescriptor observed)
        {
            return false;
        }

        observed.Observe(observer);
        return true;
    }

    internal override void Schedule(IThreadPoolWorkItem work)
    {
        if (ContinuesElsewhere)
        {
            base.Schedule(work);
        }
        else
        {
            _descriptor.Loop.Enqueue(work);
        }
    }

    /// <summary>Goes on with an operation whose direction may be ready. The caller owns it and gives it up here.</summary>
    public void Resume(PendingOperation operation, bool isHandedOver, bool inline)
    {
        if (isHandedOver)
        {
            _isHandedOver = true;
        }

        operation.Resume(inline && !ContinuesElsewhere);
    }

    private protected override void ArmReceive()
    {
        var reading = (PolledHalf)Reading;
        var status = _descriptor.AwaitReadable(reading);
        if (status != SocketError.Success)
        {
            _receiveError = status;
            _descriptor.Loop.Enqueue(reading);
        }
    }

    private protected override void ArmSend()
    {
        var writing = (PolledHalf)Writing;
        var status = _descriptor.AwaitWritable(writing);
        if (status != SocketError.Success)
        {
            _sendError = status;
            _descriptor.Loop.Enqueue(writing);
        }
    }

    private EndPoint? Ask(Func<int, EndPoint?> question)
    {
        if (!_descriptor.TryUse(out var descriptor))
        {
            return null;
        }

        var answer = question(descriptor);
        _descriptor.Leave();
        return answer;
    }
}
