using System.Net;

namespace NetKit;

/// <summary>Accepts clients of one transport.</summary>
internal abstract class Acceptor : IAsyncDisposable
{
    /// <summary>Where clients find it.</summary>
    public abstract EndPoint LocalEndPoint { get; }

    /// <summary>Waits for the next client. Cancelling loses none: it goes to the next caller.</summary>
    /// <exception cref="ConnectionException">Closed, or out of resources.</exception>
    public abstract ValueTask<Arrival> AcceptAsync(CancellationToken cancellationToken);

    /// <summary>How many more clients it may turn away, where descriptors have run out, before it fails.</summary>
    public int MayTurnAway { get; set; }

    public abstract ValueTask DisposeAsync();
}
