using System.Threading.Channels;

namespace NetKit.Benchmarks;

/// <summary>A list of bounded channels under a lock, as most would write it.</summary>
internal sealed class ChannelBroadcastWay : BroadcastWay
{
    private readonly Lock _gate = new();
    private readonly List<Channel<long>> _channels = [];
    private long _dropped;

    public override string Name => "A bounded channel each";

    public override long Dropped => _dropped;

    public override async Task SubscribeAsync(BroadcastListener listener)
    {
        var channel = Channel.CreateBounded<long>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => Interlocked.Increment(ref _dropped));
        lock (_gate)
        {
            _channels.Add(channel);
        }

        while (await channel.Reader.WaitToReadAsync())
        {
            while (channel.Reader.TryRead(out var item))
            {
                listener.Hear(item);
            }
        }
    }

    public override void Publish(long item)
    {
        lock (_gate)
        {
            foreach (var channel in _channels)
            {
                channel.Writer.TryWrite(item);
            }
        }
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            foreach (var channel in _channels)
            {
                channel.Writer.Complete();
            }
        }
    }
}
