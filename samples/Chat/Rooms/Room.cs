using System.Collections.Concurrent;

namespace NetKit.Samples;

/// <summary>A room: what is said here reaches everybody in it, also those in rooms of that name at other instances.</summary>
internal sealed class Room(string name, IBackplane backplane, TimeProvider clock) : IDisposable
{
    // Several times what the presence of an instance is told in.
    private static readonly TimeSpan s_presenceLasts = TimeSpan.FromSeconds(15);

    private readonly Broadcaster<byte[]> _broadcaster = new();
    private readonly ConcurrentDictionary<Guid, (int Count, long At)> _elsewhere = new();
    private volatile int _countTold = -1;

    public string Name => name;

    public int CountHere => _broadcaster.SubscriberCount;

    public int Count => CountHere + _elsewhere.Values.Where(other => clock.GetElapsedTime(other.At) < s_presenceLasts).Sum(static other => other.Count);

    /// <summary>How many there were when everybody was told last; -1: not everybody was told the same.</summary>
    public int CountTold
    {
        get => _countTold;
        set => _countTold = value;
    }

    /// <summary>Sessions that are in it. Guarded by the directory.</summary>
    public int Sessions { get; set; }

    public Subscription<byte[]> Subscribe(int queue) => _broadcaster.Subscribe(queue);

    /// <summary>Counts for somebody who has subscribed just now. Everybody is told next, also if by then there are as many as before.</summary>
    public int CountForNewcomer()
    {
        CountTold = -1;
        return Count;
    }

    /// <summary>Tells everybody here and elsewhere. Encoded once, whoever hears it.</summary>
    /// <param name="id">Of the session that says it: names need not be unique.</param>
    /// <param name="from">Who says it.</param>
    /// <param name="text">What is said.</param>
    public void Say(string id, string from, string text)
    {
        var message = Wire.Message(id, from, text);
        Hear(message);
        backplane.Publish(name, message);
    }

    /// <summary>Tells everybody here.</summary>
    public void Hear(byte[] message)
    {
        try
        {
            _broadcaster.Publish(Frame.Text(message));
        }
        catch (ObjectDisposedException)
        {
            // The last one left meanwhile: nobody is here to be told.
        }
    }

    /// <summary>Learns how many another instance has in this room.</summary>
    public void HearCount(Guid instance, int count)
    {
        if (count == 0)
        {
            _elsewhere.TryRemove(instance, out _);
        }
        else
        {
            _elsewhere[instance] = (count, clock.GetTimestamp());
        }
    }

    public void Dispose() => _broadcaster.Dispose();
}
