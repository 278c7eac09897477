namespace NetKit.Samples;

/// <summary>There is one instance: nobody else to tell.</summary>
internal sealed class NoBackplane : IBackplane
{
    public void Publish(string room, byte[] message)
    {
    }

    public void PublishCount(string room, int count)
    {
    }
}
