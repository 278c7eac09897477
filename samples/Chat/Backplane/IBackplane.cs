namespace NetKit.Samples;

/// <summary>Joins rooms of one name at several instances. What is lost on the way is counted, and never waited for.</summary>
internal interface IBackplane
{
    /// <summary>Tells the other instances what was said in a room.</summary>
    void Publish(string room, byte[] message);

    /// <summary>Tells the other instances how many are in a room here.</summary>
    void PublishCount(string room, int count);
}
