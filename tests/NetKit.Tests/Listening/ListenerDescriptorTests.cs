using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Listening;

// Alone: it counts the descriptors of the process.
[Collection(nameof(Alone))]
public sealed class ListenerDescriptorTests
{
    private const int Times = 200;

    // The runtime may open some of its own meanwhile.
    private const int Others = Times / 4;

    [Theory]
    [InlineData(SocketEngine.Automatic)]
    [InlineData(SocketEngine.Portable)]
    public async Task A_listener_that_is_closed_holds_none(SocketEngine engine)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");
        var options = new ListenerOptions { Socket = new SocketOptions { Engine = engine } };
        var listeners = new List<ConnectionListener>(); // kept, so that nothing is closed by being forgotten
        var before = CountDescriptors();
        for (var times = 0; times < Times; times++)
        {
            listeners.Add(ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), options));
            await listeners[^1].DisposeAsync();
        }

        Assert.InRange(CountDescriptors() - before, int.MinValue, Others);
        GC.KeepAlive(listeners);
    }

    [Theory]
    [InlineData("in use")]
    [InlineData("in the way")]
    public async Task A_bind_that_failed_holds_none(string reason)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");
        using var folder = new TemporaryFolder();
        await using var other = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await File.WriteAllTextAsync(folder.File("x.sock"), "precious", TestContext.Current.CancellationToken);
        var endPoint = reason == "in use" ? other.LocalEndPoint : new UnixDomainSocketEndPoint(folder.File("x.sock"));
        var before = CountDescriptors();
        for (var times = 0; times < Times; times++)
        {
            WellFormed.Assert(Record.Exception(() => ConnectionListener.Bind(endPoint)), ConnectionError.AddressInUse, "listen");
        }

        Assert.InRange(CountDescriptors() - before, int.MinValue, Others);
    }

    private static int CountDescriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
