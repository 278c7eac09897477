using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Connects on a loop of the poller, without the runtime's own engine: so nothing but the loop hears of the socket's events, then and later.</summary>
internal sealed class PolledConnector : Connector
{
    private readonly DialerOptions _options;
    private readonly TimeProvider? _timeProvider;

    public PolledConnector(DialerOptions options, TimeProvider? timeProvider)
        : base(timeProvider)
    {
        _options = options;
        _timeProvider = timeProvider;
    }

    protected override async ValueTask<Connection> ConnectSocketAsync(EndPoint address, CancellationToken stop)
    {
        var descriptor = new PolledDescriptor(
            NetPoller.LoopForCaller(), OpenDescriptor(address), owner: null, shortReadTellsNothing: address is not IPEndPoint);
        try
        {
            NativeSocket.SetNonBlocking(descriptor.Number);
            await ConnectAsync(descriptor, address.Serialize(), stop).ConfigureAwait(false);
            if (address is IPEndPoint remote && NativeSocket.IsConnectedToItself(descriptor.Number, remote))
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            var connection = PolledConnection.FromDialed(descriptor, address, _timeProvider);
            connection.RunsContinuationsAsynchronously = _options.RunContinuationsAsynchronously;
            return connection;
        }
        catch
        {
            descriptor.Close(abortive: false);
            throw;
        }
    }

    /// <summary>Takes a descriptor of its own out of .NET's socket, which is good for setting options and would know nothing of a connection made behind its back.</summary>
    private int OpenDescriptor(EndPoint address)
    {
        using var socket = DialSocket.Open(address, _options);
        return NativeSocket.Duplicate((int)socket.Handle);
    }

    private async ValueTask ConnectAsync(PolledDescriptor descriptor, SocketAddress address, CancellationToken stop)
    {
        DescriptorWait? wait = null;
        SocketError status;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            descriptor.ClearWritable();
            status = NativeSocket.Connect(descriptor.Number, address);
            if (status != SocketError.InProgress)
            {
                break;
            }

            // An event may come without a reason. So the system is asked again, which also tells why it failed.
            wait ??= new DescriptorWait(_options.RunContinuationsAsynchronously);
            status = await wait.UntilWritableAsync(descriptor, stop).ConfigureAwait(false);
            if (status != SocketError.Success)
            {
                break;
            }
        }

        if (wait is not null)
        {
            descriptor.ForgetWriter(wait);
        }

        if (status != SocketError.Success)
        {
            throw new SocketException((int)status);
        }
    }
}
