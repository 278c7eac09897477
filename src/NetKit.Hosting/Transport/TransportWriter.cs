namespace NetKit;

/// <summary>What Kestrel writes to.</summary>
internal sealed class TransportWriter : ConnectionPipeWriter
{
    private readonly TransportConnection _owner;

    public TransportWriter(Connection connection, TransportConnection owner)
        : base(connection) => _owner = owner;

    public override void Complete(Exception? exception = null)
    {
        base.Complete(exception);
        _owner.OnOutputCompleted(exception);
    }

    // The client has sent the next request already: its answer comes soon.
    protected override bool MayHold => _owner.HasUnreadInput;

    // As of a pipe whose reader has gone: whoever writes is told so, and nothing is thrown at a handler that goes on.
    protected override Exception? Failure(Exception exception)
    {
        _owner.OnWriteFailed(exception);
        return null;
    }
}
