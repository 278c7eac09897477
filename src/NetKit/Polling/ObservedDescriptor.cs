using System.Net.Sockets;

namespace NetKit;

/// <summary>A descriptor that tells of the peer's end also while nobody reads.</summary>
/// <remarks>Apart, because of the eight bytes: who serves requests wants to know that nobody waits for the answer, most others just read.</remarks>
internal sealed class ObservedDescriptor : PolledDescriptor
{
    private IEndObserver? _observer;

    public ObservedDescriptor(PollLoop loop, int descriptor, Socket? owner, bool shortReadTellsNothing)
        : base(loop, descriptor, owner, shortReadTellsNothing)
    {
    }

    /// <summary>Says whom to tell. Before the first read: until then no event is asked for.</summary>
    public void Observe(IEndObserver observer) => Volatile.Write(ref _observer, observer);

    private protected override void OnEnded() => Volatile.Read(ref _observer)?.OnEnded();
}
