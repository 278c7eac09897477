using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Serving;

/// <summary>A connection in memory that is looked at as a server would, when the test says so.</summary>
internal sealed class WatchedPair
{
    private readonly FakeTimeProvider _clock = new();
    private readonly WatchRules _rules;
    private readonly Connection _server;
    private readonly Connection _client;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private WatchRecord _record;
    private Task<int>? _read;

    public WatchedPair(ConnectionServerOptions options)
    {
        _rules = WatchRules.Of(options, _clock)!;
        (_server, _client) = Connection.CreatePair(_clock);
        _record = new WatchRecord(_rules);
    }

    public Connection Server => _server;

    public CloseCause Look() => _record.Look(_rules, _server);

    public CloseCause LookAfter(TimeSpan time)
    {
        _clock.Advance(time);
        return Look();
    }

    /// <summary>Lets the handler wait for data.</summary>
    public void Await()
    {
        Assert.Null(_read);
        _read = _server.ReadAsync(_buffer).AsTask();
        Assert.False(_read.IsCompleted);
    }

    /// <summary>Lets the client send, and the handler receive it.</summary>
    public void Receive(int count = 1)
    {
        Assert.True(_client.WriteAsync(new byte[count]).AsTask().IsCompletedSuccessfully);
        _read ??= _server.ReadAsync(_buffer).AsTask();
        Assert.Equal(count, _read.GetAwaiter().GetResult());
        _read = null;
    }

    /// <summary>Lets the handler send, and the client receive it.</summary>
    public void Send(int count = 1)
    {
        Assert.True(_server.WriteAsync(new byte[count]).AsTask().IsCompletedSuccessfully);
        Take(count);
    }

    /// <summary>Lets the handler write more than the client takes.</summary>
    public void Stall() => Assert.False(_server.WriteAsync(new byte[1024 * 1024]).AsTask().IsCompleted);

    /// <summary>Lets the client receive.</summary>
    public void Take(int count)
    {
        Assert.Equal(count, _client.ReadAsync(new byte[count]).AsTask().GetAwaiter().GetResult());
    }
}
