namespace NetKit.Tests.Stress;

/// <summary>A connection and its peer: both ends are used by any thread, and any thread may end it.</summary>
internal sealed class Link : IWatched
{
    private readonly long _number;
    private readonly string _transport;
    private readonly End _client;
    private readonly End _server;
    private readonly int _readShare; // in 100: some read more than they write, some less
    private int _isEnding;
    private volatile bool _isCut;

    public Link(long number, string transport, Connection client, Connection server, Random random)
    {
        _number = number;
        _transport = transport;
        _readShare = random.Next(30, 80);
        _client = new End("the client", this, client, new Flow(number * 2), random.Next());
        _server = new End("the server", this, server, new Flow((number * 2) + 1), random.Next());
        _client.Face(_server);
        _server.Face(_client);
    }

    /// <summary>Tells whether the link is about to end: nothing more is to begin.</summary>
    public bool IsEnding => Volatile.Read(ref _isEnding) != 0;

    /// <summary>Tells whether bytes may be lost.</summary>
    public bool IsCut => _isCut;

    /// <summary>Bytes that have arrived, at both ends.</summary>
    public long Received => _client.Outgoing.Received + _server.Outgoing.Received;

    /// <summary>Bytes that were sent for sure and have not arrived. Once it has ended.</summary>
    public long Lost { get; private set; }

    /// <summary>Tells whether something has a reason to end right now.</summary>
    public bool HasDue => _client.HasDue || _server.HasDue;

    public Connection Client => _client.Connection;

    public override string ToString() => $"link {_number} ({_transport})";

    /// <summary>Does something to it.</summary>
    public void Act(Random random)
    {
        if (IsEnding)
        {
            return;
        }

        var end = random.Next(2) == 0 ? _client : _server;
        switch (random.Next(100))
        {
            case < 60:
                if (random.Next(100) < _readShare)
                {
                    end.Read();
                }
                else
                {
                    end.Write();
                }

                break;
            case < 72:
                end.MoveReadDeadline(random);
                break;
            case < 84:
                end.MoveWriteDeadline(random);
                break;
            case < 90:
                end.GiveUpReading();
                break;
            case < 93:
                end.GiveUpWriting();
                break;
            case < 99:
                end.StandBy(random);
                break;
            default:
                if (random.Next(4) == 0)
                {
                    end.Complete(random);
                }
                else
                {
                    _ = end.DescribeSocket();
                }

                break;
        }
    }

    /// <summary>Ends it; null when it is ending already.</summary>
    public Task? TryEnd(Fate fate, Random random)
    {
        if (Interlocked.Exchange(ref _isEnding, 1) != 0)
        {
            return null;
        }

        var (one, other) = random.Next(2) == 0 ? (_client, _server) : (_server, _client);
        return EndAsync(fate, one, other, random);
    }

    /// <inheritdoc/>
    public string? StuckAt(TimeSpan patience) => _client.StuckAt(patience) ?? _server.StuckAt(patience);

    private async Task EndAsync(Fate fate, End one, End other, Random random)
    {
        switch (fate)
        {
            case Fate.Peace:
                await Task.WhenAll(one.FinishAsync(), other.FinishAsync()).ConfigureAwait(false);
                await one.CloseAsync().ConfigureAwait(false);
                break;
            case Fate.Leave:
                await LeaveAsync(one, other).ConfigureAwait(false);
                break;
            case Fate.Cut:
                await CutAsync(one, other, random).ConfigureAwait(false);
                break;
        }

        await other.CloseAsync().ConfigureAwait(false);
        Lost = _client.Outgoing.Settle(IsCut) + _server.Outgoing.Settle(IsCut);
    }

    private static async Task LeaveAsync(End leaving, End staying)
    {
        leaving.LiftLimits();
        staying.LiftLimits();
        int? last = null;
        var draining = leaving.DrainAsync(() => last is { } write && staying.Outgoing.HasArrived(write));
        var reading = staying.DrainAsync();
        await Task.WhenAll(leaving.StopWritingAsync(), staying.StopWritingAsync()).ConfigureAwait(false);
        last = await staying.WriteLastAsync().ConfigureAwait(false);
        await draining.ConfigureAwait(false);

        var waiting = leaving.ReadInVainAsync();
        await leaving.CloseAsync().ConfigureAwait(false);
        await waiting.ConfigureAwait(false);
        await reading.ConfigureAwait(false);
    }

    private async Task CutAsync(End one, End other, Random random)
    {
        _isCut = true;
        var way = (Cut)random.Next(4);
        var otherWay = (Cut)random.Next(3);
        var cutting = random.Next(4) switch
        {
            0 => Task.Run(() => one.CutAsync(otherWay)),
            1 => Task.Run(() => other.CutAsync(otherWay)),
            _ => Task.CompletedTask,
        };
        await one.CutAsync(way).ConfigureAwait(false);
        await cutting.ConfigureAwait(false);
        await Task.WhenAll(one.StopAsync(), other.StopAsync()).ConfigureAwait(false);
        await one.CloseAsync().ConfigureAwait(false);
    }
}
