namespace NetKit.Tests;

/// <summary>
/// The rules that every connection keeps, whatever carries it. One part of the class for each idea; one sealed subclass
/// for each transport.
/// </summary>
public abstract partial class ConnectionContract
{
    private const int Watchdog = Waiting.Watchdog;

    /// <summary>Makes a fresh pair.</summary>
    protected abstract Task<ConnectedPair> ConnectAsync();

    /// <summary>Whether a write may follow one that timed out midway. Not on TLS: the record cut short is spent.</summary>
    protected virtual bool WritesSurviveATimeout => true;

    /// <summary>Whether a peer can tell an abort from an end. Not on Unix sockets: the kernel has no reset for them.</summary>
    protected virtual bool PeerSeesAborts => true;

    private static Deadline Past => Deadline.After(TimeSpan.FromSeconds(-1));

    private static Deadline In(double milliseconds) => Deadline.After(TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>Begins a write that cannot end while the peer does not read.</summary>
    private static Task WriteTooMuch(Connection connection, CancellationToken cancellationToken = default) =>
        connection.WriteAsync(Payload.Large, cancellationToken).AsTask();

    /// <summary>Writes a few bytes to an echoing peer and reads them back.</summary>
    private static async Task RoundtripAsync(Connection connection)
    {
        connection.SetDeadline(Deadline.None);
        var sent = "Hello, world!"u8.ToArray();
        await connection.WriteAsync(sent);
        Assert.Equal(sent, await Peer.ReadAsync(connection, sent.Length));
    }

    /// <summary>Throws away what an echoing peer still sends. Nothing sent before may hold a 0xFF.</summary>
    private static async Task ResyncAsync(Connection connection)
    {
        connection.SetDeadline(Deadline.None);
        var marker = connection.WriteAsync(new byte[] { 0xFF }).AsTask();
        await ReadToMarkerAsync(connection);
        await marker;
    }

    private static async Task ReadToMarkerAsync(Connection connection, bool isLast = true)
    {
        var buffer = new byte[1024];
        while (true)
        {
            var count = await connection.ReadAsync(buffer);
            Assert.NotEqual(0, count);
            var marker = buffer.AsSpan(0, count).IndexOf((byte)0xFF);
            if (marker >= 0)
            {
                Assert.True(!isLast || marker == count - 1, "Something came behind the last byte.");
                return;
            }
        }
    }

    /// <summary>Asserts that a connection whose writes timed out midway is as usable as its transport allows.</summary>
    private async Task AssertUsableAsync(Connection connection, Connection echo)
    {
        if (WritesSurviveATimeout)
        {
            await ResyncAsync(connection);
            await RoundtripAsync(connection);
            return;
        }

        // Beside what the echo sends of itself, in whatever order: that reads go on is what counts.
        connection.SetDeadline(Deadline.None);
        var marker = echo.WriteAsync(new byte[] { 0xFF }).AsTask();
        await ReadToMarkerAsync(connection, isLast: false);
        await marker;
    }
}
