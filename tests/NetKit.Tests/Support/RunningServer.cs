using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests;

/// <summary>A server that runs on a loopback port, or in memory, until the test ends.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly IDialer? _dialer;
    private readonly List<Connection> _clients = [];

    private RunningServer(ConnectionListener listener, IDialer? dialer, ConnectionServer server)
    {
        Listener = listener;
        _dialer = dialer;
        Server = server;
        Run = server.RunAsync(_stop.Token);
    }

    public ConnectionListener Listener { get; }

    public ConnectionServer Server { get; }

    public Task<DrainResult> Run { get; }

    public static RunningServer OnTcp(
        Func<Connection, CancellationToken, Task> handler,
        ConnectionServerOptions? options = null,
        RecordingLogger? logger = null,
        ListenerOptions? listening = null)
    {
        return On([ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), listening, logger)], handler, options, logger);
    }

    /// <summary>A server of listeners on sockets. Clients dial the first.</summary>
    public static RunningServer On(
        IReadOnlyList<ConnectionListener> listeners,
        Func<Connection, CancellationToken, Task> handler,
        ConnectionServerOptions? options = null,
        RecordingLogger? logger = null) =>
        new(listeners[0], dialer: null, new ConnectionServer(listeners, handler, options, logger));

    public static RunningServer InMemory(
        Func<Connection, CancellationToken, Task> handler,
        ConnectionServerOptions? options = null,
        RecordingLogger? logger = null,
        TimeProvider? timeProvider = null)
    {
        var listener = ConnectionListener.CreateInMemory(out var dialer, timeProvider);
        return new RunningServer(listener, dialer, new ConnectionServer(listener, handler, options, logger));
    }

    public static Task EchoAsync(Connection connection, CancellationToken stopping) => connection.CopyToAsync(connection, stopping);

    /// <summary>A new client. The test need not close it: it is reset at the end.</summary>
    public async Task<Connection> DialAsync()
    {
        var client = _dialer is not null
            ? await _dialer.DialAsync(Listener.LocalEndPoint, TestContext.Current.CancellationToken)
            : Connection.FromSocket(await Dial.SocketAsync(Listener));
        lock (_clients)
        {
            _clients.Add(client);
        }

        return client;
    }

    /// <summary>A new client that has been served: one byte went there and back.</summary>
    public async Task<Connection> DialServedAsync()
    {
        var client = await DialAsync();
        await AssertEchoes(client);
        return client;
    }

    /// <summary>A client that sends a byte; -1 when it is turned away, which the system may tell it as early as in its dial.</summary>
    public async Task<int> AskAsync(byte value = (byte)'?')
    {
        try
        {
            var client = await DialAsync();
            await client.WriteAsync(new[] { value }, TestContext.Current.CancellationToken).Within();
            return await Talk.TryReadByteAsync(client);
        }
        catch (Exception exception) when (exception is ConnectionException { Error: ConnectionError.Reset }
            or SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionRefused })
        {
            return -1;
        }
    }

    public static async Task AssertEchoes(Connection client, byte value = (byte)'!')
    {
        await client.WriteAsync(new[] { value }, TestContext.Current.CancellationToken).Within();
        Assert.Equal(value, await Talk.ReadByteAsync(client));
    }

    public void BeginStop() => _stop.Cancel();

    public Task<DrainResult> StopAsync()
    {
        BeginStop();
        return Run.Within();
    }

    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        foreach (var client in _clients)
        {
            client.Abort();
        }

        await Task.WhenAny(Run, Task.Delay(Eventually.Bound));
        _stop.Dispose();
    }
}
