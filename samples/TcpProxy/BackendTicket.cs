namespace NetKit.Samples;

/// <summary>A client's place at a backend, from before the dial to the end of the connection. Disposing gives it back, however far it came.</summary>
internal sealed class BackendTicket : IDisposable
{
    private readonly int _dial;
    private bool _isTold;
    private bool _isDisposed;

    private BackendTicket(Backend backend, int dial)
    {
        Backend = backend;
        _dial = dial;
        backend.CountBegun();
    }

    public Backend Backend { get; }

    /// <summary>Takes a place; null when the backend is not to be dialed now.</summary>
    public static BackendTicket? TryTake(Backend backend) => backend.Health.TryBegin(out var dial) ? new BackendTicket(backend, dial) : null;

    /// <summary>Tells that the dial succeeded. True when that brings the backend back.</summary>
    public bool OnConnected()
    {
        _isTold = true;
        Backend.CountOpened();
        return Backend.Health.OnConnected();
    }

    /// <summary>Tells that the dial failed. Gives for how long the backend is put aside because of it; null when it is already.</summary>
    public TimeSpan? OnFailed()
    {
        _isTold = true;
        return Backend.Health.OnFailed(_dial);
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_isTold)
        {
            Backend.Health.OnAbandoned(_dial);
        }

        Backend.CountEnded();
    }
}
