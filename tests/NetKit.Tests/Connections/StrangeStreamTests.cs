namespace NetKit.Tests.Connections;

/// <summary>Wrapped streams that are not sockets: they buffer, and fail in ways of their own.</summary>
public sealed class StrangeStreamTests
{
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_failed_write_names_its_own_cause_and_not_that_of_a_read_before()
    {
        await using var connection = Connection.FromStream(new StrangeStream { Failing = true });
        await Assert.ThrowsAsync<ConnectionException>(() => connection.ReadAsync(new byte[1]).AsTask());
        var exception = await Assert.ThrowsAsync<ConnectionException>(async () => await connection.WriteAsync(new byte[1]));
        Assert.Equal("write broke", exception.InnerException?.Message);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task What_was_flushed_has_left_a_stream_that_buffers()
    {
        var (near, far) = Connection.CreatePair();
        await using var peer = far;
        await using var connection = Connection.FromStream(new BufferedStream(near));
        await connection.WriteAsync(new byte[1]);
        await connection.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await peer.ReadAsync(new byte[1]).Within());
    }

    [Fact]
    public async Task Closing_does_not_throw_what_the_stream_throws()
    {
        await Connection.FromStream(new StrangeStream { Undisposable = true }).DisposeAsync();
        Connection.FromStream(new StrangeStream { Undisposable = true }).Dispose();
        Connection.FromStream(new StrangeStream { Undisposable = true }).Abort();
    }

    [Fact]
    public async Task Closing_does_not_throw_what_the_callback_of_a_stream_that_is_left_open_throws()
    {
        await WhileItReads().DisposeAsync();
        WhileItReads().Dispose();
        WhileItReads().Abort();

        static Connection WhileItReads()
        {
            var connection = Connection.FromStream(new TouchyStream(), leaveOpen: true);
            _ = connection.ReadAsync(new byte[1]).AsTask();
            return connection;
        }
    }

    /// <summary>Throws when a read is told to stop.</summary>
    private sealed class TouchyStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await using var registration = cancellationToken.UnsafeRegister(static _ => throw new InvalidOperationException("cannot stop"), null);
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }

    private sealed class StrangeStream : MemoryStream
    {
        public bool Failing { get; init; }

        public bool Undisposable { get; init; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Failing ? throw new IOException("read broke") : base.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Failing ? throw new IOException("write broke") : base.WriteAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (Undisposable)
            {
                throw new InvalidOperationException("cannot be disposed");
            }
        }
    }
}
