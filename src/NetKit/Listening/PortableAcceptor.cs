using System.Net.Sockets;

namespace NetKit;

/// <summary>Accepts with System.Net.Sockets.</summary>
/// <remarks>
/// One accept at a time is with the runtime. When its caller gives up it is abandoned, not cancelled: it stays, and the
/// next caller gets its client. So no client is lost, and giving up again and again piles nothing up.
/// </remarks>
internal sealed class PortableAcceptor : SocketAcceptor
{
    private readonly Socket _socket;
    private readonly SocketOptions _options;
    private readonly TimeProvider? _timeProvider;
    private Task<Socket>? _abandoned; // guarded by the turn

    public PortableAcceptor(Socket socket, ListenerOptions options, TimeProvider? timeProvider)
        : base(socket.LocalEndPoint!)
    {
        _socket = socket;
        _options = options.Socket;
        _timeProvider = timeProvider;
    }

    public override Connection Open(in AcceptedClient client)
    {
        try
        {
            _options.ApplyToAccepted(client.Socket!);
            return new PortableConnection(client.Socket!, _timeProvider);
        }
        catch
        {
            client.Refuse();
            throw;
        }
    }

    protected override void Close() => _socket.Dispose();

    protected override async ValueTask<AcceptedClient> AcceptInTurnAsync(CancellationToken cancellationToken)
    {
        var accept = _abandoned;
        _abandoned = null;
        if (accept is null)
        {
            var begun = _socket.AcceptAsync(CancellationToken.None);
            if (begun.IsCompleted || !cancellationToken.CanBeCanceled)
            {
                return new AcceptedClient(await begun.ConfigureAwait(false));
            }

            accept = begun.AsTask();
        }

        try
        {
            return new AcceptedClient(await accept.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _abandoned = accept;
            throw;
        }
    }

    protected override void OnLeft()
    {
        if (Interlocked.Exchange(ref _abandoned, null) is { } accept)
        {
            CloseWhenAccepted(accept);
        }
    }

    private static void CloseWhenAccepted(Task<Socket> accept) => accept.ContinueWith(
        static accepted =>
        {
            if (accepted.IsCompletedSuccessfully)
            {
                accepted.Result.Close(timeout: 0);
            }
            else
            {
                _ = accepted.Exception; // Seen: the listener was closed, and that is all it says.
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
