namespace NetKit.Tests;

/// <summary>A connection wrapped as if it were any stream.</summary>
public sealed class WrappedConnectionContract : ConnectionContract
{
    protected override Task<ConnectedPair> ConnectAsync() => Task.FromResult(Pairs.WrappedMemory());
}
