namespace NetKit;

/// <summary>One direction of a connection on a loop: what the loop tells that the descriptor is ready.</summary>
/// <remarks>The loop holds it, and it holds its connection only while an operation waits: one that was dropped can be collected.</remarks>
internal sealed class PolledHalf : ConnectionHalf, IPollable
{
    public PolledHalf(DeadlineScheduler scheduler)
        : base(scheduler)
    {
    }

    public override ConnectionHalf MakeOther() => new PolledHalf(Scheduler);

    public bool OnReady(bool isHandedOver, bool inline)
    {
        if (Take() is not { } operation)
        {
            return false;
        }

        ((PolledConnection)operation.Connection).Resume(operation, isHandedOver, inline);
        return true;
    }

    void IThreadPoolWorkItem.Execute() => OnReady(isHandedOver: false, inline: true);
}
