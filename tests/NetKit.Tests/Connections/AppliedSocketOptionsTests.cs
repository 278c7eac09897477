using System.Net.Sockets;

namespace NetKit.Tests.Connections;

public sealed class AppliedSocketOptionsTests : IDisposable
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;
    private readonly SocketPair _pair = SocketPair.Tcp();

    public void Dispose() => _pair.Dispose();

    [Fact]
    public void By_default_there_is_no_delay_and_keep_alive_is_on()
    {
        using var connection = Connection.FromSocket(_pair.First);
        Assert.True(_pair.First.NoDelay);
        Assert.Equal(1, Ask(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(15, Ask(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(15, Ask(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(9, Ask(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
    }

    [Fact]
    public void Each_value_reaches_the_socket_rounded_up_to_whole_seconds()
    {
        using var connection = Connection.FromSocket(_pair.First, new SocketOptions
        {
            NoDelay = false,
            KeepAliveTime = TimeSpan.FromSeconds(20.2),
            KeepAliveInterval = TimeSpan.FromSeconds(3),
            KeepAliveRetryCount = 4,
        });
        Assert.False(_pair.First.NoDelay);
        Assert.Equal(21, Ask(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(3, Ask(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(4, Ask(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
    }

    [Fact]
    public void Keep_alive_can_be_off()
    {
        using var connection = Connection.FromSocket(_pair.First, new SocketOptions { KeepAliveTime = null });
        Assert.Equal(0, Ask(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
    }

    [Fact]
    public void The_sizes_of_the_buffers_are_set_in_the_system()
    {
        using var connection = Connection.FromSocket(
            _pair.First, new SocketOptions { ReceiveBufferSize = 32 * 1024, SendBufferSize = 16 * 1024 });

        // Linux keeps twice what was asked, for its own bookkeeping.
        Assert.InRange(_pair.First.ReceiveBufferSize, 32 * 1024, 64 * 1024);
        Assert.InRange(_pair.First.SendBufferSize, 16 * 1024, 32 * 1024);
    }

    [Fact]
    public void The_user_timeout_is_set_where_there_is_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "TCP_USER_TIMEOUT is Linux's.");
        using var connection = Connection.FromSocket(_pair.First, new SocketOptions { UserTimeout = TimeSpan.FromMilliseconds(1_234.5) });
        var value = new byte[4];
        _pair.First.GetRawSocketOption(TcpLevel, TcpUserTimeout, value);
        Assert.Equal(1_235, BitConverter.ToInt32(value));
    }

    [Fact]
    public void The_user_s_own_settings_come_last_and_win()
    {
        var calls = 0;
        using var connection = Connection.FromSocket(_pair.First, new SocketOptions
        {
            Configure = socket =>
            {
                calls++;
                Assert.Same(_pair.First, socket);
                Assert.True(socket.NoDelay);
                socket.NoDelay = false;
            },
        });
        Assert.Equal(1, calls);
        Assert.False(_pair.First.NoDelay);
    }

    [Fact]
    public void What_belongs_to_tcp_is_left_out_on_a_unix_socket()
    {
        using var pair = SocketPair.Unix();
        using var connection = Connection.FromSocket(pair.First, new SocketOptions { UserTimeout = TimeSpan.FromSeconds(1) });
        Assert.Equal(0, (int)pair.First.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
    }

    private int Ask(SocketOptionLevel level, SocketOptionName name) => (int)_pair.First.GetSocketOption(level, name)!;
}
