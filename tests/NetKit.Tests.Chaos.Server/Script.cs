using System.Collections.Concurrent;
using NetKit.Samples;

namespace NetKit.Tests.Chaos;

/// <summary>Deals with each answer as its request asks for, and with connections as it is told.</summary>
internal sealed class Script
{
    private readonly TimeSpan _lateness;
    private readonly MiniRedis _redis;
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();

    public Script(TimeSpan lateness)
    {
        _lateness = lateness;
        _redis = new MiniRedis(SendAsync);
    }

    public async Task HandleAsync(Connection connection, CancellationToken stopping)
    {
        _connections.TryAdd(connection, true);
        try
        {
            await _redis.HandleAsync(connection, stopping);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }

    /// <summary>Resets some connections, whatever they are at.</summary>
    public void Cut(int count)
    {
        var connections = _connections.Keys.ToArray();
        Random.Shared.Shuffle(connections);
        foreach (var connection in connections.Take(count))
        {
            connection.Abort();
        }
    }

    private async ValueTask<bool> SendAsync(Connection connection, RespValue command, RespValue answer)
    {
        var bytes = RespEncoder.Encode(answer);
        var half = bytes[..(bytes.Length / 2)];
        var fate = FateOf(answer);
        switch (fate)
        {
            case Fate.Reset:
                connection.Abort();
                return false;
            case Fate.Half:
                await connection.WriteAsync(half);
                connection.Abort();
                return false;
            case Fate.Split:
                await connection.WriteAsync(half);
                await Task.Yield();
                await connection.WriteAsync(bytes[half.Length..]);
                return true;
            case Fate.Late:
                await Task.Delay(_lateness);
                break;
        }

        await connection.WriteAsync(bytes);
        return fate != Fate.Close;
    }

    private static Fate FateOf(RespValue answer) =>
        answer is RespValue.Bulk echo && echo.Text.Split(' ') is [_, var word, ..] && Enum.TryParse<Fate>(word, out var fate) ? fate : Fate.Plain;
}
