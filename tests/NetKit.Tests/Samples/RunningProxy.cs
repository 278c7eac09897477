using System.Net;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

/// <summary>The proxy of samples/TcpProxy, in this process, on ports of loopback.</summary>
internal sealed class RunningProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpProxy _proxy;

    private RunningProxy(TcpProxy proxy)
    {
        _proxy = proxy;
        Run = proxy.RunAsync(_stop.Token);
    }

    public Task<DrainResult> Run { get; }

    public IReadOnlyList<Backend> Backends => _proxy.Backends;

    public long Refused => _proxy.Clients.Refused;

    public IPEndPoint EndPoint => (IPEndPoint)_proxy.EndPoints[0];

    public Uri Status => new($"http://{_proxy.StatusEndPoint}");

    /// <summary>Starts it. A backend that is down is tried again soon, unless the settings say otherwise.</summary>
    public static async Task<RunningProxy> StartAsync(IEnumerable<ProxyBackend> backends, Func<ProxySettings, ProxySettings>? change = null)
    {
        var settings = new ProxySettings(
            Listen: [new IPEndPoint(IPAddress.Loopback, 0)],
            Backends: [.. backends.Select(static backend => backend.EndPoint)],
            BackendPolicy.RoundRobin,
            ConnectTimeout: Eventually.Bound,
            IdleTimeout: null,
            DrainTimeout: TimeSpan.Zero,
            MaxConnections: null,
            SendsProxyHeader: false,
            Status: new IPEndPoint(IPAddress.Loopback, 0),
            new BackoffTime(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20)));
        return new RunningProxy(await TcpProxy.BindAsync(change is null ? settings : change(settings), new RecordingLogger()));
    }

    public async Task<Connection> ConnectAsync() => Connection.FromSocket(await Dial.SocketAsync(EndPoint, TestContext.Current.CancellationToken));

    public void BeginStop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        BeginStop();
        await Run.Within();
        await _proxy.DisposeAsync();
        _stop.Dispose();
    }
}
