namespace NetKit.Tests.Connections;

public sealed class FromStreamTests
{
    [Fact]
    public void A_stream_is_required() =>
        Assert.Equal("stream", Assert.Throws<ArgumentNullException>(() => Connection.FromStream(null!)).ParamName);

    [Fact]
    public void A_stream_that_cannot_write_is_refused()
    {
        using var stream = new MemoryStream(new byte[4], writable: false);
        AssertRefused(stream, "this MemoryStream cannot write");
    }

    [Fact]
    public void A_stream_that_cannot_read_is_refused()
    {
        using var stream = new WriteOnlyStream();
        AssertRefused(stream, "this WriteOnlyStream cannot read");
    }

    [Fact]
    public void A_disposed_stream_is_refused()
    {
        var stream = new MemoryStream();
        stream.Dispose();
        Assert.Throws<ArgumentException>(() => Connection.FromStream(stream));
    }

    [Fact]
    public async Task The_stream_is_closed_with_the_connection_unless_it_is_left_open()
    {
        var closed = new MemoryStream();
        await using (Connection.FromStream(closed))
        {
        }

        Assert.False(closed.CanRead);

        using var open = new MemoryStream();
        await using (Connection.FromStream(open, leaveOpen: true))
        {
        }

        Assert.True(open.CanRead);
    }

    private static void AssertRefused(Stream stream, string reason)
    {
        var exception = Assert.Throws<ArgumentException>(() => Connection.FromStream(stream));
        Assert.Equal("stream", exception.ParamName);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    private sealed class WriteOnlyStream : MemoryStream
    {
        public override bool CanRead => false;
    }
}
