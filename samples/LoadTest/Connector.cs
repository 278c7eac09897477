using System.Net;
using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>Opens connections to the server, from one source address after the other.</summary>
internal sealed class Connector : IDisposable
{
    private readonly LoadSettings _settings;
    private readonly Dialer[] _dialers;
    private readonly HttpMessageInvoker[] _invokers;

    public Connector(LoadSettings settings)
    {
        _settings = settings;
        _dialers = [.. Enumerable.Range(1, settings.Sources).Select(source => new Dialer(new DialerOptions
        {
            ConnectTimeout = settings.Timeout,
            LocalEndPoint = settings.Sources == 1 ? null : new IPEndPoint(new IPAddress([127, 0, 0, (byte)source]), 0),
        }))];
        _invokers = settings.IsWebSocket ? [.. _dialers.Select(static dialer => new HttpMessageInvoker(new SocketsHttpHandler().UseDialer(dialer)))] : [];
    }

    public async Task<ILoadConnection> OpenAsync(int number, CancellationToken cancellationToken)
    {
        var source = number % _dialers.Length;
        if (!_settings.IsWebSocket)
        {
            return new TcpLoadConnection(await _dialers[source].DialAsync(_settings.Target.Host, _settings.Target.Port, cancellationToken), _settings.Size);
        }

        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero; // the server's pings are answered
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_settings.Timeout);
        try
        {
            await socket.ConnectAsync(_settings.Target, _invokers[source], timeout.Token);
            return new WebSocketLoadConnection(socket, Math.Max(4_096, 2 * _settings.Size));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => Array.ForEach(_invokers, static invoker => invoker.Dispose());
}
