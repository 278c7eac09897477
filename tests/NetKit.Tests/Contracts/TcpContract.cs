namespace NetKit.Tests;

public sealed class TcpContract : ConnectionContract
{
    protected override Task<ConnectedPair> ConnectAsync() => Pairs.TcpAsync();
}
