using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>No pool: a dial over loopback for each request, and a reset at its end, so that ports come free at once.</summary>
internal sealed class DialWay : PoolWay<Connection>
{
    private readonly Socket _listener = Loopback.Listen();
    private readonly Dialer _dialer = new();
    private readonly Thread _server;

    public DialWay() => _server = new Thread(Accept) { IsBackground = true };

    public override Task OpenAsync()
    {
        _server.Start();
        return Task.CompletedTask;
    }

    public override ValueTask<Connection> AcquireAsync(CancellationToken cancellationToken) =>
        _dialer.DialAsync((IPEndPoint)_listener.LocalEndPoint!, cancellationToken);

    public override void Return(Connection lease) => lease.Abort();

    public override ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _server.Join();
        return ValueTask.CompletedTask;
    }

    private void Accept()
    {
        // Each is closed when its client is gone: a reset must not come in the middle of a connect.
        var accepted = new Queue<Socket>();
        try
        {
            while (true)
            {
                accepted.Enqueue(_listener.Accept());
                while (accepted.TryPeek(out var oldest) && oldest.Poll(0, SelectMode.SelectRead))
                {
                    accepted.Dequeue().Close(0);
                }
            }
        }
        catch (SocketException)
        {
            // Closed.
        }
    }
}
