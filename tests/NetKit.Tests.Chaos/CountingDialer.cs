using System.Net;

namespace NetKit.Tests.Chaos;

/// <summary>Counts what is asked of the network.</summary>
internal sealed class CountingDialer(IDialer inner) : IDialer
{
    private long _attempts;
    private long _opened;

    public long Attempts => Volatile.Read(ref _attempts);

    public long Opened => Volatile.Read(ref _opened);

    public async ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _attempts);
        var connection = await inner.DialAsync(endPoint, cancellationToken);
        Interlocked.Increment(ref _opened);
        return connection;
    }
}
