using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>A dial that a pool runs, in the thread pool: not in the context of whoever happened to cause it.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
internal sealed class PooledDial : PoolDial, IThreadPoolWorkItem
{
    private readonly ConnectionPool _pool;
    private readonly CancellationTokenSource _stop = new();

    public PooledDial(ConnectionPool pool) => _pool = pool;

    public CancellationToken Token => _stop.Token;

    /// <summary>Asks the dial to end. Its end is reported as ever.</summary>
    public void Stop() => _stop.CancelAsync().Abandon();

    void IThreadPoolWorkItem.Execute() => _ = _pool.DialAsync(this);
}
