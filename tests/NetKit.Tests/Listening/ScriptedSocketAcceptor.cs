using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Listening;

/// <summary>An acceptor of a socket whose every answer the test writes down beforehand; with nothing left to say it finds that nobody knows why.</summary>
internal sealed class ScriptedSocketAcceptor() : SocketAcceptor(new IPEndPoint(IPAddress.Loopback, 7))
{
    // Beyond every limit, so never open: that it is refused and closed hurts nobody.
    private const int LastDescriptor = int.MaxValue;

    private readonly Queue<Func<Task<AcceptedClient>>> _script = new();

    /// <summary>How many answers were taken.</summary>
    public int Accepts { get; private set; }

    /// <summary>Finds that no descriptor is left.</summary>
    public ScriptedSocketAcceptor FindsNoDescriptor() => Then(static () => throw NoDescriptor());

    /// <summary>Waits for a client, and finds that no descriptor is left when it comes.</summary>
    public ScriptedSocketAcceptor WaitsAndFindsNoDescriptor(Task come) => Then(async () =>
    {
        await come;
        throw NoDescriptor();
    });

    /// <summary>Accepts a client that gets the last descriptor there is.</summary>
    public ScriptedSocketAcceptor AcceptsWithTheLastDescriptor() =>
        Then(static () => Task.FromResult(new AcceptedClient(LastDescriptor, default)));

    public override Connection Open(in AcceptedClient client) => throw new NotSupportedException();

    protected override ValueTask<AcceptedClient> AcceptInTurnAsync(CancellationToken cancellationToken)
    {
        Accepts++;
        return _script.TryDequeue(out var next) ? new(next()) : throw new SocketException((int)SocketError.SocketError);
    }

    protected override void Close()
    {
    }

    private static SocketException NoDescriptor() => new((int)SocketError.TooManyOpenSockets);

    private ScriptedSocketAcceptor Then(Func<Task<AcceptedClient>> answer)
    {
        _script.Enqueue(answer);
        return this;
    }
}
