using System.Text;

namespace NetKit.Tests;

// What Stream makes every connection have.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task A_connection_reads_and_writes_and_does_not_seek()
    {
        await using var pair = await ConnectAsync();
        Stream stream = pair.First;
        Assert.True(stream.CanRead);
        Assert.True(stream.CanWrite);
        Assert.True(stream.CanTimeout);
        Assert.False(stream.CanSeek);
        Assert.Throws<NotSupportedException>(() => stream.Length);
        Assert.Throws<NotSupportedException>(() => stream.Position);
        Assert.Throws<NotSupportedException>(() => stream.Position = 1);
        Assert.Throws<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(1));
        stream.Flush();
        await stream.FlushAsync();
    }

    [Fact(Timeout = Watchdog)]
    public async Task Arguments_that_make_no_sense_are_refused_before_anything_happens()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        foreach (var (offset, count) in new[] { (-1, 1), (0, -1), (0, 3), (3, 1) })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => client.ReadAsync(new byte[2], offset, count));
            await Assert.ThrowsAnyAsync<ArgumentException>(() => client.WriteAsync(new byte[2], offset, count));
            Assert.ThrowsAny<ArgumentException>(() => client.Read(new byte[2], offset, count));
            Assert.ThrowsAny<ArgumentException>(() => client.Write(new byte[2], offset, count));
        }

        await Assert.ThrowsAsync<ArgumentNullException>(() => client.ReadAsync(null!, 0, 0));
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.WriteAsync(null!, 0, 0));
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.CopyToAsync(null!));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_part_of_an_array_is_read_and_written_and_no_more()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await client.WriteAsync([0, 1, 2, 3, 0], 1, 3);
        var buffer = new byte[5];
        var total = 0;
        while (total < 3)
        {
            total += await server.ReadAsync(buffer, 1 + total, 3 - total);
        }

        Assert.Equal([0, 1, 2, 3, 0], buffer);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Deadlines_hold_through_a_reader_on_top()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var reader = new StreamReader(client, Encoding.UTF8, leaveOpen: true);
        await server.WriteAsync("one\n"u8.ToArray());
        Assert.Equal("one", await reader.ReadLineAsync());
        var line = reader.ReadLineAsync();
        client.ReadDeadline = Past;
        await Fails.AtDeadline(line);
        client.ReadDeadline = Deadline.None;
        await server.WriteAsync("two\n"u8.ToArray());
        Assert.Equal("two", await reader.ReadLineAsync());
    }
}
