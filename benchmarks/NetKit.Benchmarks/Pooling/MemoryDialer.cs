using System.Net;

namespace NetKit.Benchmarks;

/// <summary>Brings connections at once, to nobody: where the pool is the subject and the dial is not.</summary>
internal sealed class MemoryDialer : IDialer
{
    public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken) => new(Connection.CreatePair().First);
}
