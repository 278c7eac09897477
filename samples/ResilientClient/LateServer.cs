using System.Net;
using System.Net.Sockets;

namespace NetKit.Samples;

/// <summary>A small HTTP server that is not there yet: its port refuses until it opens, and so does the other address of its host.</summary>
internal sealed class LateServer : IAsyncDisposable
{
    private static readonly IPAddress s_nobody = IPAddress.Parse("127.0.0.2");
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(700);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _isLookedFor = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;

    public LateServer()
    {
        // Takes the port, and does not listen: whoever dials it is refused.
        var place = new Socket(SocketType.Stream, ProtocolType.Tcp);
        place.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Host = new DnsEndPoint("late.example", ((IPEndPoint)place.LocalEndPoint!).Port);
        _run = RunAsync(place);
    }

    public DnsEndPoint Host { get; }

    /// <summary>Stands for the resolver, which knows two addresses. From the first time on, the server is late.</summary>
    public ValueTask<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        _isLookedFor.TrySetResult();
        return ValueTask.FromResult<IReadOnlyList<IPAddress>>([s_nobody, IPAddress.Loopback]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private async Task RunAsync(Socket place)
    {
        try
        {
            using (place)
            {
                await _isLookedFor.Task.WaitAsync(_stop.Token);
                await Task.Delay(s_delay, _stop.Token);
            }

            await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, Host.Port));
            await using var server = new ConnectionServer(listener, Page.ServeAsync);
            await server.RunAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopped before it opened.
        }
    }
}
