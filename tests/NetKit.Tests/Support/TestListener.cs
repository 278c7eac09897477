using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests;

public enum Transport
{
    Tcp,
    Unix,
    Memory,
}

/// <summary>A listener on one of the transports, with a way to dial it that asks nothing of the library's own dialer.</summary>
internal sealed class TestListener : IAsyncDisposable
{
    private readonly IDialer? _dialer;

    private TestListener(ConnectionListener listener, IDialer? dialer) => (Listener, _dialer) = (listener, dialer);

    public static TheoryData<Transport> All => new(Enum.GetValues<Transport>());

    public ConnectionListener Listener { get; }

    public static TestListener On(Transport transport, ListenerOptions? options = null)
    {
        if (transport == Transport.Memory)
        {
            return new TestListener(ConnectionListener.CreateInMemory(out var dialer), dialer);
        }

        EndPoint endPoint = transport == Transport.Tcp
            ? new IPEndPoint(IPAddress.Loopback, 0)
            : new UnixDomainSocketEndPoint($"\0netkit-{Guid.NewGuid()}");
        return new TestListener(ConnectionListener.Bind(endPoint, options), dialer: null);
    }

    /// <summary>Dials as a client would: a plain socket, or the listener's own dialer in memory.</summary>
    public async Task<Connection> DialAsync(CancellationToken cancellationToken = default)
    {
        if (_dialer is not null)
        {
            return await _dialer.DialAsync(Listener.LocalEndPoint, cancellationToken);
        }

        return Connection.FromSocket(await Dial.SocketAsync(Listener.LocalEndPoint, cancellationToken));
    }

    public Task<Connection> AcceptAsync() => Listener.AcceptAsync(TestContext.Current.CancellationToken).Within();

    public ValueTask DisposeAsync() => Listener.DisposeAsync();
}
