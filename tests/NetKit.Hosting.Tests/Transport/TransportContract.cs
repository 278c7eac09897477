namespace NetKit.Tests.Hosting.Transport;

/// <summary>What an app may expect of its transport. The same for Kestrel's own and for NetKit's, so that neither surprises.</summary>
public abstract partial class TransportContract
{
    private const int Watchdog = 120_000;

    private protected abstract bool OnNetKit { get; }
}

public sealed class KestrelTransportContract : TransportContract
{
    private protected override bool OnNetKit => false;
}

public sealed class NetKitTransportContract : TransportContract
{
    private protected override bool OnNetKit => true;
}
