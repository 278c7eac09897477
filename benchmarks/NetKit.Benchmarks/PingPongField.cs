namespace NetKit.Benchmarks;

/// <summary>Echo servers and their clients, connected and ready.</summary>
internal sealed class PingPongField : IDisposable
{
    private readonly Transport[] _clients;
    private readonly Transport[] _servers;
    private readonly Task[] _echoes;

    public PingPongField(string way, int count)
    {
        _clients = new Transport[count];
        _servers = new Transport[count];
        for (var index = 0; index < count; index++)
        {
            var (client, server) = Loopback.CreatePair();
            _clients[index] = Transport.Over(client, way);
            _servers[index] = Transport.Over(server, way);
        }

        _echoes = [.. _servers.Select(static server => Task.Run(server.EchoAsync))];
    }

    public Slice Run(TimeSpan length, bool countCalls) =>
        Slice.Run(length, unit: 1, countCalls, stopper => Start(long.MaxValue, stopper));

    public Task RunAsync(long messages) => Task.WhenAll(Start(messages / _clients.Length, Stopper.Never));

    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        Task.WaitAll(_echoes);
        foreach (var server in _servers)
        {
            server.Dispose();
        }
    }

    private Task<long>[] Start(long messages, Stopper stopper) =>
        [.. _clients.Select(client => Task.Run(() => client.PingAsync(messages, stopper)))];
}
