namespace NetKit.Tests;

public sealed class UnixContract : ConnectionContract
{
    protected override bool PeerSeesAborts => false;

    protected override Task<ConnectedPair> ConnectAsync() => Pairs.UnixAsync();
}
