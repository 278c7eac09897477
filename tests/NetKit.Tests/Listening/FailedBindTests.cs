using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Listening;

public sealed class FailedBindTests
{
    [Fact]
    public async Task A_logger_factory_that_throws_leaves_the_address_free()
    {
        var port = FreePort();
        using var loggers = new BrokenLoggerFactory();
        Assert.Throws<InvalidOperationException>(() => ConnectionListener.Bind(port, loggerFactory: loggers));
        await using var listener = ConnectionListener.Bind(port);
    }

    [Fact]
    public void A_file_mode_that_makes_no_sense_names_its_knob()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        using var folder = new TemporaryFolder();
        var options = new ListenerOptions { UnixSocketMode = (UnixFileMode)0x7FFF_FFFF };
        var exception = Assert.Throws<ArgumentOutOfRangeException>(
            () => ConnectionListener.Bind(new UnixDomainSocketEndPoint(folder.File("x.sock")), options));
        Assert.Equal("UnixSocketMode", exception.ParamName);
    }

    [Fact]
    public void A_file_that_somebody_has_locked_is_never_deleted()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x.sock");
        using var locked = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        var exception = Record.Exception(() => ConnectionListener.Bind(new UnixDomainSocketEndPoint(path)));
        WellFormed.Assert(exception, ConnectionError.AddressInUse, "listen");
        Assert.True(File.Exists(path));
    }

    private static IPEndPoint FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    private sealed class BrokenLoggerFactory : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => throw new InvalidOperationException("on purpose");

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
