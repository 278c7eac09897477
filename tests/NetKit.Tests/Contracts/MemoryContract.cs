namespace NetKit.Tests;

public sealed class MemoryContract : ConnectionContract
{
    protected override Task<ConnectedPair> ConnectAsync() => Task.FromResult(Pairs.Memory());
}
