using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Accepts on a loop of the poller, without making a <see cref="Socket"/> of each client.</summary>
internal sealed class PolledAcceptor : SocketAcceptor
{
    private readonly ListenerOptions _options;
    private readonly TimeProvider? _timeProvider;
    private readonly PolledDescriptor _descriptor;
    private readonly DescriptorWait _wait;
    private readonly EndPoint? _clientsLocalEndPoint;

    public PolledAcceptor(Socket socket, ListenerOptions options, TimeProvider? timeProvider)
        : base(socket.LocalEndPoint!)
    {
        NativeSocket.SetNonBlocking((int)socket.Handle);
        _options = options;
        _timeProvider = timeProvider;
        _descriptor = new PolledDescriptor(NetPoller.NextLoop(), (int)socket.Handle, socket, shortReadTellsNothing: false);
        _wait = new DescriptorWait(options.RunContinuationsAsynchronously);

        // Bound to one address, every client comes to that.
        _clientsLocalEndPoint = LocalEndPoint is IPEndPoint ip && (ip.Address.Equals(IPAddress.Any) || ip.Address.Equals(IPAddress.IPv6Any))
            ? null
            : LocalEndPoint;
    }

    public override Connection Open(in AcceptedClient client)
    {
        var isUnix = !client.NativeAddress.IsKnown;
        var descriptor = _options.ObservesEnds
            ? new ObservedDescriptor(NetPoller.NextLoop(), client.Descriptor, owner: null, shortReadTellsNothing: isUnix)
            : new PolledDescriptor(NetPoller.NextLoop(), client.Descriptor, owner: null, shortReadTellsNothing: isUnix);
        var connection = PolledConnection.FromAccepted(descriptor, client.NativeAddress, _clientsLocalEndPoint, _timeProvider);
        connection.RunsContinuationsAsynchronously = _options.RunContinuationsAsynchronously;
        try
        {
            if (!_options.Socket.AreHandedDown)
            {
                _options.Socket.ApplyToAccepted(connection.Socket!);
            }

            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<AcceptedClient> AcceptInTurnAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryAccept(out var client) is var status && status == SocketError.Success)
            {
                return client;
            }

            if (status == SocketError.WouldBlock)
            {
                status = await _wait.UntilReadableAsync(_descriptor, cancellationToken).ConfigureAwait(false);
            }

            if (status != SocketError.Success)
            {
                throw new SocketException((int)status);
            }
        }
    }

    protected override void Close()
    {
        _descriptor.Close(abortive: false);
        _wait.End();
    }

    private SocketError TryAccept(out AcceptedClient client)
    {
        client = default;
        if (IsClosed)
        {
            return SocketError.OperationAborted;
        }

        if (!_descriptor.MayBeReadable || LoopThread.ShouldYield())
        {
            return SocketError.WouldBlock;
        }

        if (!_descriptor.TryUse(out var descriptor))
        {
            return SocketError.OperationAborted;
        }

        _descriptor.ClearReadable();
        var accepted = NativeSocket.Accept(descriptor, out var address);
        var status = accepted >= 0 ? SocketError.Success : Errno.LastSocketError;
        _descriptor.Leave();
        if (status != SocketError.WouldBlock)
        {
            // There may be more behind this one, and the event has been.
            _descriptor.GiveBackReadable();
        }

        if (status == SocketError.Success)
        {
            client = new AcceptedClient(accepted, address);
        }

        return status;
    }
}
