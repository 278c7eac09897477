namespace NetKit.Tests.Hosting.Server;

/// <summary>Answers a request of one byte, which is how long the work takes in units of 10 ms: by one byte at once, which says that it has begun, and seven at its end.</summary>
internal sealed class Work : IConnectionHandler
{
    private static readonly TimeSpan s_unit = TimeSpan.FromMilliseconds(10);

    private long _begun;
    private long _finished;

    public long Begun => Interlocked.Read(ref _begun);

    public long Finished => Interlocked.Read(ref _finished);

    public async Task HandleAsync(Connection connection, CancellationToken stopping)
    {
        var request = new byte[1];
        while (await connection.ReadAsync(request, stopping) > 0)
        {
            Interlocked.Increment(ref _begun);
            await connection.WriteAsync("b"u8.ToArray(), CancellationToken.None);
            await Task.Delay(request[0] * s_unit, CancellationToken.None);
            await connection.WriteAsync("egun..."u8.ToArray(), CancellationToken.None);
            Interlocked.Increment(ref _finished);
        }
    }
}
