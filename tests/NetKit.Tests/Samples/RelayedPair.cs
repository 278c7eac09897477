using NetKit.Samples;

namespace NetKit.Tests.Samples;

/// <summary>A client and a server, with a relay between them.</summary>
internal sealed class RelayedPair : IAsyncDisposable
{
    private readonly ConnectedPair _front;
    private readonly ConnectedPair _back;

    private RelayedPair(ConnectedPair front, ConnectedPair back)
    {
        (_front, _back) = (front, back);
        End = RunAsync();
    }

    public Connection Client => _front.First;

    public Connection Server => _back.Second;

    public ByteCount Sent { get; } = new();

    public ByteCount Received { get; } = new();

    /// <summary>How the relay has ended. Its connections are closed as the proxy closes them.</summary>
    public Task<ConnectionException?> End { get; }

    public static async Task<RelayedPair> CreateAsync(Transport transport) => new(await MakeAsync(transport), await MakeAsync(transport));

    public async Task AssertTalks() => await Talk.AssertBothWays(Client, Server);

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        await _back.DisposeAsync();
        await End;
    }

    private static async Task<ConnectedPair> MakeAsync(Transport transport) => transport switch
    {
        Transport.Tcp => await Pairs.TcpAsync(),
        Transport.Unix => await Pairs.UnixAsync(),
        _ => Pairs.Memory(),
    };

    private async Task<ConnectionException?> RunAsync()
    {
        await Task.Yield();
        await using (_front.Second)
        await using (_back.First)
        {
            return await new Relay(_front.Second, _back.First).RunAsync(Sent, Received);
        }
    }
}
