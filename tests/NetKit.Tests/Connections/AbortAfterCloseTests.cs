namespace NetKit.Tests.Connections;

/// <summary>Once a connection is closed politely, an abort comes too late to take the data back.</summary>
public sealed class AbortAfterCloseTests
{
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Tcp() => await AssertHarmlessAsync(await Pairs.TcpAsync());

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Unix() => await AssertHarmlessAsync(await Pairs.UnixAsync());

    [Fact(Timeout = Waiting.Watchdog)]
    public Task Memory() => AssertHarmlessAsync(Pairs.Memory());

    [Fact(Timeout = Waiting.Watchdog)]
    public Task Wrapped_memory() => AssertHarmlessAsync(Pairs.WrappedMemory());

    private static async Task AssertHarmlessAsync(ConnectedPair pair)
    {
        await using var both = pair;
        var (closed, peer) = pair;
        byte[] sent = [1, 2, 3];
        await closed.WriteAsync(sent);
        await closed.DisposeAsync();
        closed.Abort();
        Assert.Equal(sent, await Peer.ReadToEndAsync(peer));
    }
}
