using System.Collections;

namespace NetKit.Tests.Samples;

/// <summary>Several backends of a kind, all of them started.</summary>
internal sealed class BackendSet(int count, Func<Connection, CancellationToken, Task> handler, ConnectionServerOptions? options = null)
    : IEnumerable<ProxyBackend>, IAsyncDisposable
{
    private readonly ProxyBackend[] _backends = [.. Enumerable.Range(0, count).Select(_ => new ProxyBackend(handler, options).Started())];

    public ProxyBackend this[int index] => _backends[index];

    public IEnumerator<ProxyBackend> GetEnumerator() => _backends.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public async ValueTask DisposeAsync()
    {
        foreach (var backend in _backends)
        {
            await backend.DisposeAsync();
        }
    }
}
