using System.Net;

namespace NetKit.Tests.Dialing;

/// <summary>Two listeners at the same port of two addresses, which a host name stands for: the preferred one and another.</summary>
internal sealed class TwoAddresses : IAsyncDisposable
{
    private TwoAddresses(ConnectionListener first, ConnectionListener second) => (First, Second) = (first, second);

    public ConnectionListener First { get; }

    public ConnectionListener Second { get; }

    public DnsEndPoint Host => new("localhost", ((IPEndPoint)First.LocalEndPoint).Port);

    public static TwoAddresses Listen()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsWindows(), "All of 127.0.0.0/8 is this machine's there only.");
        for (var times = 0; ; times++)
        {
            var first = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            try
            {
                var port = ((IPEndPoint)first.LocalEndPoint).Port;
                return new TwoAddresses(first, ConnectionListener.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port)));
            }
            catch (ConnectionException exception) when (exception.Error == ConnectionError.AddressInUse && times < 100)
            {
                first.DisposeAsync().AsTask().Wait();
            }
        }
    }

    /// <summary>A dialer whose host is these two.</summary>
    public Dialer MakeDialer(DialerOptions options)
    {
        options.Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>(
            [((IPEndPoint)First.LocalEndPoint).Address, ((IPEndPoint)Second.LocalEndPoint).Address]);
        return new Dialer(options);
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }
}
