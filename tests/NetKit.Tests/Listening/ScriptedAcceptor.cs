using System.Collections.Concurrent;
using System.Net;

namespace NetKit.Tests.Listening;

/// <summary>An acceptor whose every answer the test writes down beforehand; with nothing left to say it is closed.</summary>
internal sealed class ScriptedAcceptor : Acceptor
{
    private readonly ConcurrentQueue<Func<Arrival>> _script = new();

    public override EndPoint LocalEndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 7);

    public int Accepts => Allowances.Count;

    /// <summary>How many clients each accept was allowed to turn away.</summary>
    public ConcurrentQueue<int> Allowances { get; } = new();

    public ScriptedAcceptor Fails(Exception exception, int times = 1)
    {
        for (var count = 0; count < times; count++)
        {
            _script.Enqueue(() => throw exception);
        }

        return this;
    }

    public ScriptedAcceptor FailsForWantOfDescriptors(int times = 1) =>
        Fails(new ConnectionException(ConnectionError.ResourceExhausted, "accept", LocalEndPoint), times);

    /// <summary>Does something while it fails for want of descriptors.</summary>
    public ScriptedAcceptor FailsWhile(Action action)
    {
        _script.Enqueue(() =>
        {
            action();
            throw new ConnectionException(ConnectionError.ResourceExhausted, "accept", LocalEndPoint);
        });
        return this;
    }

    public ScriptedAcceptor ThenAccepts()
    {
        _script.Enqueue(() => new Arrival(Connection.CreatePair().First));
        return this;
    }

    public override ValueTask<Arrival> AcceptAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Allowances.Enqueue(MayTurnAway);
        return _script.TryDequeue(out var next)
            ? ValueTask.FromResult(next())
            : throw new ConnectionException(ConnectionError.Closed, "accept", LocalEndPoint);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
