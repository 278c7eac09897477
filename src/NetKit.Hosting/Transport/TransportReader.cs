namespace NetKit;

/// <summary>What Kestrel reads from.</summary>
internal sealed class TransportReader : ConnectionPipeReader
{
    private readonly TransportConnection _owner;

    public TransportReader(Connection connection, TransportConnection owner)
        : base(connection) => _owner = owner;

    // Without an observer only a receive can tell that the peer has gone.
    protected override bool WatchesWhileUnread => !_owner.IsObserved;

    // The client may wait for these answers before it sends more.
    protected override void OnWaiting() => _owner.SendHeldOutput();

    protected override Exception Failure(Exception exception) => _owner.ReadFailure(exception);

    protected override void OnEnd() => _owner.OnEnded();
}
