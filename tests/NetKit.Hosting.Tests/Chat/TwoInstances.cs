using System.Net;

namespace NetKit.Tests.Chat;

/// <summary>Two instances of the chat on one Redis, with Ada at the first and Bob at the second.</summary>
internal sealed class TwoInstances : IAsyncDisposable
{
    private readonly List<IDisposable> _clients = [];
    private readonly List<IAsyncDisposable> _processes = [];

    private TwoInstances()
    {
    }

    public ServerProcess Redis { get; private set; } = null!;

    public RunningChat First { get; private set; } = null!;

    public RunningChat Second { get; private set; } = null!;

    public ChatClient Ada { get; private set; } = null!;

    public ChatClient Bob { get; private set; } = null!;

    /// <summary>Starts both, and waits until they are joined, unless Redis is not to be there yet.</summary>
    public static async Task<TwoInstances> StartAsync(bool withRedis = true)
    {
        var both = new TwoInstances();
        try
        {
            await both.BeginAsync(withRedis);
            return both;
        }
        catch
        {
            await both.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until Redis carries messages both ways.</summary>
    public async Task AreJoinedAsync()
    {
        await First.MetricBecomesAsync("chat_backplane_connected", 1);
        await Second.MetricBecomesAsync("chat_backplane_connected", 1);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(static client => client.Dispose());
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }
    }

    private async Task BeginAsync(bool withRedis)
    {
        var address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort(Random.Shared));
        _processes.Add(Redis = RedisServer.At(address));
        if (withRedis)
        {
            await Redis.StartAsync(TestContext.Current.CancellationToken);
        }

        _processes.Add(First = await RunningChat.StartAsync("--backplane", $"redis://{address}"));
        _processes.Add(Second = await RunningChat.StartAsync("--backplane", $"redis://{address}"));
        if (withRedis)
        {
            await AreJoinedAsync();
        }

        _clients.Add(Ada = await First.JoinAsync("Ada"));
        _clients.Add(Bob = await Second.JoinAsync("Bob"));
    }
}
