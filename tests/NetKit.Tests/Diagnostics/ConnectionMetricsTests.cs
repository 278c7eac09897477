namespace NetKit.Tests.Diagnostics;

// Alone: the instruments belong to the process, and what every other connection does would be counted too.
[Collection(nameof(Alone))]
public sealed class ConnectionMetricsTests
{
    private const string Received = "network.io.direction=receive";
    private const string Sent = "network.io.direction=transmit";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    [InlineData("wrapped")]
    public async Task Bytes_are_counted_once_on_each_side_whatever_stands_above_the_transport(string transport)
    {
        await using var pair = transport switch
        {
            "tcp" => await Pairs.TcpAsync(),
            "unix" => await Pairs.UnixAsync(),
            "memory" => Pairs.Memory(),
            _ => Pairs.WrappedMemory(),
        };
        using var traffic = new TrafficReadings();

        // More than the system takes at once, so that parts wait; and a part in several buffers.
        const int Length = 1_000_000;
        var reading = Peer.ReadAsync(pair.Second, Length + 7);
        await pair.First.WriteAsync(new byte[Length], Token);
        await pair.First.WriteAsync(Sequences.Of(new byte[3], new byte[4]), Token);
        await reading.Within();
        Assert.Equal((Length + 7, Length + 7), traffic.Moved);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Bytes_that_nobody_has_read_are_sent_and_not_received()
    {
        await using var pair = await Pairs.TcpAsync();
        using var traffic = new TrafficReadings();
        await pair.First.WriteAsync(new byte[100], Token);
        await Peer.ReadAsync(pair.Second, 60);
        Assert.Equal((60, 100), traffic.Moved);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Bytes_of_tls_are_those_on_the_wire()
    {
        await using var pair = await Pairs.TlsAsync(await Pairs.TcpAsync());

        // The tickets that the server sends after its handshake are read with the first message.
        await RunningPingPongAsync(pair);
        using var traffic = new TrafficReadings();
        await pair.First.WriteAsync(new byte[100], Token);
        await Peer.ReadAsync(pair.Second, 100);

        // A record of TLS 1.3: a header of 5 bytes, a type of 1, a tag of 16.
        Assert.Equal((122, 122), traffic.Moved);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Bytes_that_moved_while_nobody_listened_are_not_counted_and_those_that_were_are_kept()
    {
        await using var pair = await Pairs.TcpAsync();
        using var first = new TrafficReadings();
        await pair.First.WriteAsync(new byte[10], Token);
        await Peer.ReadAsync(pair.Second, 10);
        Assert.Equal((10, 10), first.Moved);
        first.Dispose();
        await pair.First.WriteAsync(new byte[100], Token);
        await Peer.ReadAsync(pair.Second, 100);
        using var readings = new MeterReadings();
        Assert.Equal(first.Totals, (readings.Of("netkit.connection.io", Received), readings.Of("netkit.connection.io", Sent)));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("memory")]
    [InlineData("tls")]
    [InlineData("wrapped")]
    public async Task A_deadline_that_ends_an_operation_is_counted_once_by_direction(string transport)
    {
        await using var pair = transport switch
        {
            "tcp" => await Pairs.TcpAsync(),
            "memory" => Pairs.Memory(),
            "tls" => await Pairs.TlsAsync(await Pairs.TcpAsync()),
            _ => Pairs.WrappedMemory(),
        };
        using var readings = new MeterReadings();
        var before = Counts();

        // Passed before the read, and while it waits.
        pair.First.ReadDeadline = Deadline.After(TimeSpan.FromSeconds(-1));
        await Assert.ThrowsAsync<DeadlineExceededException>(() => pair.First.ReadAsync(new byte[1], Token).AsTask().Within());
        pair.First.ReadDeadline = Deadline.After(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<DeadlineExceededException>(() => pair.First.ReadAsync(new byte[1], Token).AsTask().Within());
        pair.First.ReadDeadline = Deadline.None;
        pair.First.ReadTimeout = 1;
        await Assert.ThrowsAsync<DeadlineExceededException>(() => pair.First.ReadAsync(new byte[1], Token).AsTask().Within());
        pair.First.WriteDeadline = Deadline.After(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<DeadlineExceededException>(() => Peer.FloodAsync(pair.First).Within());
        Assert.Equal((before.Read + 3, before.Write + 1), Counts());

        (long Read, long Write) Counts() => (
            readings.Of("netkit.connection.deadlines_exceeded", "direction=read"), readings.Of("netkit.connection.deadlines_exceeded", "direction=write"));
    }

    private static async Task RunningPingPongAsync(ConnectedPair pair)
    {
        await pair.First.WriteAsync(new byte[1], Token);
        await Peer.ReadAsync(pair.Second, 1);
        await pair.Second.WriteAsync(new byte[1], Token);
        await Peer.ReadAsync(pair.First, 1);
    }

    /// <summary>What was received and sent since it was made.</summary>
    private sealed class TrafficReadings : IDisposable
    {
        private readonly MeterReadings _readings = new();
        private readonly (long Received, long Sent) _before;

        public TrafficReadings() => _before = Totals;

        public (long Received, long Sent) Totals => (_readings.Of("netkit.connection.io", Received), _readings.Of("netkit.connection.io", Sent));

        public (long Received, long Sent) Moved => (Totals.Received - _before.Received, Totals.Sent - _before.Sent);

        public void Dispose() => _readings.Dispose();
    }
}
