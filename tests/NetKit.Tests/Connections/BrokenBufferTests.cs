using System.Buffers;

namespace NetKit.Tests.Connections;

/// <summary>A buffer that its owner has disposed fails the one call that was given it.</summary>
public sealed class BrokenBufferTests
{
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_read_into_a_disposed_buffer_leaves_the_connection_readable()
    {
        await using var pair = Pairs.Memory();
        var (first, second) = pair;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.ReadAsync(DisposedMemory.Make()).AsTask());
        await second.WriteAsync(new byte[1]);
        Assert.Equal(1, await first.ReadAsync(new byte[1]).Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_write_from_a_disposed_buffer_leaves_the_connection_writable()
    {
        await using var pair = Pairs.Memory();
        var (first, second) = pair;
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await first.WriteAsync(DisposedMemory.Make()));
        await first.WriteAsync(new byte[1]).Within();
        Assert.Equal(1, await second.ReadAsync(new byte[1]).Within());
    }

    private sealed class DisposedMemory : MemoryManager<byte>
    {
        public static Memory<byte> Make() => new DisposedMemory().CreateMemory(1);

        public override Span<byte> GetSpan() => throw new ObjectDisposedException(nameof(DisposedMemory));

        public override MemoryHandle Pin(int elementIndex = 0) => throw new ObjectDisposedException(nameof(DisposedMemory));

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
