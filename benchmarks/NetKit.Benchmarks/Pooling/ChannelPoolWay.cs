using System.Threading.Channels;

namespace NetKit.Benchmarks;

/// <summary>A channel that holds what is idle. Looks at no connection, uses the one that has been idle longest, dials nothing again.</summary>
internal sealed class ChannelPoolWay(int size) : PoolWay<Connection>
{
    private readonly Channel<Connection> _idle = Channel.CreateUnbounded<Connection>();

    public override Task OpenAsync()
    {
        for (var count = 0; count < size; count++)
        {
            _idle.Writer.TryWrite(Connection.CreatePair().First);
        }

        return Task.CompletedTask;
    }

    public override ValueTask<Connection> AcquireAsync(CancellationToken cancellationToken) => _idle.Reader.ReadAsync(cancellationToken);

    public override void Return(Connection lease) => _idle.Writer.TryWrite(lease);

    public override async ValueTask DisposeAsync()
    {
        _idle.Writer.Complete();
        await foreach (var connection in _idle.Reader.ReadAllAsync())
        {
            await connection.DisposeAsync();
        }
    }
}
