namespace NetKit.Tests.Connections;

public sealed class SocketEngineTests
{
    [Theory]
    [InlineData(null, SocketEngine.Automatic)]
    [InlineData("portable", SocketEngine.Portable)]
    [InlineData("Polling", SocketEngine.Polling)]
    public void The_process_chooses_by_name(string? value, SocketEngine expected) => Assert.Equal(expected, SocketEngines.Parse(value));

    [Theory]
    [InlineData("uring")]
    [InlineData("7")]
    [InlineData("")]
    public void An_engine_that_there_is_not_is_refused_by_name_and_knob(string value)
    {
        var exception = Assert.Throws<InvalidOperationException>(() => SocketEngines.Parse(value));
        Assert.Contains($"'{value}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("NETKIT_SOCKET_ENGINE", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Portable", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_undefined_engine_in_the_options_is_refused()
    {
        using var pair = SocketPair.Tcp();
        var exception = Assert.Throws<ArgumentOutOfRangeException>(
            () => Connection.FromSocket(pair.First, new SocketOptions { Engine = (SocketEngine)9 }));
        Assert.Contains("SocketOptions.Engine", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_options_choose_for_one_socket()
    {
        using var pair = SocketPair.Tcp();
        using var portable = Connection.FromSocket(pair.First, new SocketOptions { Engine = SocketEngine.Portable });
        Assert.IsType<PortableConnection>(portable);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");
        using var polled = Connection.FromSocket(pair.Second, new SocketOptions { Engine = SocketEngine.Polling });
        Assert.IsType<PolledConnection>(polled);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("257")]
    [InlineData("-1")]
    [InlineData("many")]
    [InlineData(" 2")]
    public void A_number_of_loops_that_makes_no_sense_is_refused_by_value_and_knob(string value)
    {
        var exception = Assert.Throws<InvalidOperationException>(() => NetPoller.ParseLoops(value));
        Assert.Contains($"'{value}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("NETKIT_POLLER_LOOPS", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_is_a_loop_for_each_core_unless_the_process_says_otherwise()
    {
        Assert.Equal(3, NetPoller.ParseLoops("3"));
        Assert.InRange(NetPoller.ParseLoops(null), 1, Environment.ProcessorCount);
    }
}
