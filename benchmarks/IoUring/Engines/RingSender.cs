using System.Buffers;

namespace NetKit.Benchmarks;

/// <summary>Sends through the ring, from the caller's buffer, which stays pinned until the last byte was taken.</summary>
internal class RingSender(RingLoop loop, RingConnection connection) : Sender
{
    private readonly Waiter _waiter = new();
    private ReadOnlyMemory<byte> _rest;
    private MemoryHandle _pin;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        _rest = buffer;
        Submit();
        return _waiter.Wait();
    }

    public sealed override void OnCompletion(in CompletionEntry completion)
    {
        _pin.Dispose();
        if (completion.Result < 0)
        {
            _waiter.Fail("send", -completion.Result);
            return;
        }

        // Even asked to wait for all, the kernel may end a send early, for instance when it is cancelled.
        _rest = _rest[completion.Result..];
        if (_rest.IsEmpty)
        {
            _waiter.End(0);
        }
        else
        {
            Submit();
        }
    }

    private unsafe void Submit()
    {
        _pin = _rest.Pin();
        ref var entry = ref loop.Prepare(connection, RingOperation.Send, RingWork.Send);
        entry.Address = (ulong)_pin.Pointer;
        entry.Length = (uint)_rest.Length;
        entry.CallFlags = LibC.NoSignal | LibC.WaitAll;
    }
}
