using System.Buffers;

namespace NetKit.Samples;

/// <summary>Sends a client what its room says. What waits is sent together: whoever is behind is not kept behind by a send for each.</summary>
internal sealed class RoomRelay(OutgoingFrames outgoing)
{
    private const int MostTogether = 16;
    private const int EnoughBytes = 8_192; // one deadline is for all that is sent together

    private readonly List<byte[]> _waiting = [];

    /// <summary>Sends until the subscription is disposed of. Throws <see cref="SlowConsumerException"/> where more waits than may.</summary>
    public async Task RunAsync(Subscription<byte[]> subscription)
    {
        while (await subscription.WaitToReadAsync())
        {
            if (subscription.TryRead(out var frame))
            {
                await (subscription.Count == 0 ? outgoing.WriteAsync(frame) : WriteTogetherAsync(frame, subscription));
            }
        }
    }

    private async ValueTask WriteTogetherAsync(byte[] first, Subscription<byte[]> subscription)
    {
        _waiting.Add(first);
        var length = first.Length;
        while (_waiting.Count < MostTogether && length < EnoughBytes && subscription.TryRead(out var next))
        {
            _waiting.Add(next);
            length += next.Length;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var rest = buffer.AsSpan();
            foreach (var frame in _waiting)
            {
                frame.CopyTo(rest);
                rest = rest[frame.Length..];
            }

            _waiting.Clear();
            await outgoing.WriteAsync(buffer.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
