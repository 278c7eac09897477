namespace NetKit.Tests.Pooling;

/// <summary>Stands between a client and a server, and holds back what the server sends once the client's part of the TLS handshake is through.</summary>
internal sealed class HoldingRelay : IAsyncDisposable
{
    // The client's hello, and its answer to the server's.
    private const int ClientFlights = 2;

    private readonly Lock _gate = new(); // guards what follows
    private readonly MemoryStream _held = new();
    private bool _holds;

    private Connection? _client;
    private Connection? _near;

    /// <summary>How many bytes of the server are held.</summary>
    public long Held
    {
        get
        {
            lock (_gate)
            {
                return _held.Length;
            }
        }
    }

    /// <summary>Takes the client's connection; gives the one that the server is to use.</summary>
    public Connection Begin(Connection client)
    {
        _client = client;
        (_near, var server) = Connection.CreatePair();
        _ = UpAsync(client, _near).IgnoringFailedConnection();
        _ = DownAsync(client, _near).IgnoringFailedConnection();
        return server;
    }

    /// <summary>Sends the client what was held, and holds nothing any more.</summary>
    public async Task ReleaseAsync()
    {
        byte[] held;
        lock (_gate)
        {
            held = _held.ToArray();
            _held.SetLength(0);
            _holds = false;
        }

        await _client!.WriteAsync(held);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
            await _near!.DisposeAsync();
        }
    }

    private async Task UpAsync(Connection client, Connection near)
    {
        var buffer = new byte[16 * 1024];
        for (var flight = 1; await client.ReadAsync(buffer) is > 0 and var count; flight++)
        {
            lock (_gate)
            {
                _holds |= flight == ClientFlights;
            }

            await near.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private async Task DownAsync(Connection client, Connection near)
    {
        var buffer = new byte[16 * 1024];
        while (await near.ReadAsync(buffer) is > 0 and var count)
        {
            bool holds;
            lock (_gate)
            {
                holds = _holds;
                if (holds)
                {
                    _held.Write(buffer, 0, count);
                }
            }

            if (!holds)
            {
                await client.WriteAsync(buffer.AsMemory(0, count));
            }
        }
    }
}
