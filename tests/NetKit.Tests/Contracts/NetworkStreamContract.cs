namespace NetKit.Tests;

/// <summary>A stream that has no idea of deadlines, wrapped.</summary>
public sealed class NetworkStreamContract : ConnectionContract
{
    protected override Task<ConnectedPair> ConnectAsync() => Pairs.NetworkStreamAsync();
}
