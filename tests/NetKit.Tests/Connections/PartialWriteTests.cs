namespace NetKit.Tests.Connections;

// A write of 64 MB that times out says exactly how many bytes went. 200 races on each kind of socket, each with another
// moment for the deadline; in every second one the peer reads while the deadline passes.
public sealed class PartialWriteTests
{
    private const int Races = 200;

    [Fact(Timeout = Waiting.Watchdog)]
    public Task A_write_cut_short_on_tcp_counts_exactly_what_the_peer_receives() => RaceAsync(Pairs.TcpAsync);

    [Fact(Timeout = Waiting.Watchdog)]
    public Task A_write_cut_short_on_unix_counts_exactly_what_the_peer_receives() => RaceAsync(Pairs.UnixAsync);

    private static async Task RaceAsync(Func<Task<ConnectedPair>> connectAsync)
    {
        var cut = 0;
        for (var race = 0; race < Races; race++)
        {
            await using var pair = await connectAsync();
            var (writer, reader) = pair;

            // From 0.1 to 10 ms: while the buffers fill, when they are full, and long after.
            writer.WriteDeadline = Deadline.After(TimeSpan.FromMicroseconds(100 + (race * 50)));
            var write = writer.WriteAsync(Payload.Large);
            var readsAlong = race % 2 == 1;
            var received = readsAlong ? CountAsync(reader) : null;
            var taken = (long)Payload.Large.Length;
            try
            {
                await write;
            }
            catch (DeadlineExceededException exception)
            {
                taken = exception.BytesTransferred;
                cut++;
            }

            // What comes next follows without a gap.
            writer.WriteDeadline = Deadline.None;
            received ??= CountAsync(reader);
            await writer.WriteAsync(Marker);
            await writer.CompleteWritesAsync();
            var (count, after) = await received;
            Assert.True(taken == count, $"Race {race}: {taken} bytes reported, {count} received.");
            Assert.Equal(Marker, after);
        }

        Assert.InRange(cut, Races / 2, Races);
    }

    private static byte[] Marker => "and then this"u8.ToArray();

    /// <summary>Counts what is the beginning of the payload, and gives what comes after it.</summary>
    private static async Task<(long Count, byte[] After)> CountAsync(Connection reader)
    {
        var buffer = new byte[256 * 1024];
        var total = 0;
        var kept = Array.Empty<byte>();
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            // The last bytes are the marker, and it may come in pieces; so hold back as many.
            byte[] joined = [.. kept, .. buffer.AsSpan(0, count)];
            var certain = Math.Max(0, joined.Length - Marker.Length);
            Assert.True(
                joined.AsSpan(0, certain).SequenceEqual(Payload.Large.Span.Slice(total, certain)), $"Not what was sent, after {total} bytes.");
            total += certain;
            kept = joined[certain..];
        }

        return (total, kept);
    }
}
