namespace NetKit.Tests.Stress;

// What an end writes.
internal sealed partial class End
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim _standingBy = new(1);
    private readonly Operation?[] _writes = new Operation?[MostTogether];
    private readonly Random _writeChance = new(~seed); // whoever writes has it
    private volatile Operation? _standing;
    private CancellationTokenSource _writeGiveUp = new();

    private bool IsWriting => _writes.Any(static write => write is not null);

    /// <summary>Begins to write, unless that goes on already.</summary>
    public void Write()
    {
        if (!_hasBegunEnd && _writing.Wait(0))
        {
            _ = WriteOnAsync();
        }
    }

    /// <summary>Cancels those writes that can be.</summary>
    public void GiveUpWriting() => Volatile.Read(ref _writeGiveUp).Cancel();

    /// <summary>Begins a write of nothing, which waits for its turn behind those under way.</summary>
    public void StandBy(Random random)
    {
        if (_standingBy.Wait(0))
        {
            _ = StandByAsync(random.Next(2) == 0 ? GiveUpAfter(random) : CancellationToken.None);
        }
    }

    /// <summary>Writes something that surely arrives, now that nobody else writes.</summary>
    /// <returns>The write, by its number in the flow; null when the end was sent before.</returns>
    public async Task<int?> WriteLastAsync()
    {
        while (!_hasSentEnd)
        {
            LiftLimits();
            var buffer = Buffers.Rent(Flow.HeaderSize);
            var write = Outgoing.Begin(buffer.AsSpan(0, Flow.HeaderSize));
            if (await WriteAsync(0, write, buffer, Flow.HeaderSize, CancellationToken.None).ConfigureAwait(false) == Flow.HeaderSize)
            {
                return write;
            }
        }

        return null;
    }

    /// <summary>Waits until nobody writes or half-closes; nobody does after that.</summary>
    public async Task StopWritingAsync()
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        await _standingBy.WaitAsync().ConfigureAwait(false);
        await _completing.WaitAsync().ConfigureAwait(false);
    }

    private async Task WriteOnAsync()
    {
        var rounds = _writeChance.Next(MostRounds);
        bool isBroken;
        do
        {
            connection.WriteTimeout = PickTimeout(_writeChance);
            if (_writeGiveUp.IsCancellationRequested)
            {
                Volatile.Write(ref _writeGiveUp, new CancellationTokenSource());
            }

            var token = _writeChance.Next(8) == 0 ? _writeGiveUp.Token : CancellationToken.None;
            isBroken = await WriteTogetherAsync(Math.Max(1, _writeChance.Next(-4, MostTogether + 1)), token).ConfigureAwait(false);
            Dawdle(_writeChance);
        }
        while (!isBroken && !_hasBegunEnd && !link.IsEnding && rounds-- > 0);

        _writing.Release();
    }

    /// <summary>Begins so many writes at once; true when there is no use in more.</summary>
    private async Task<bool> WriteTogetherAsync(int together, CancellationToken token)
    {
        var writes = new Task<long>[together];
        for (var place = 0; place < together; place++)
        {
            var length = PickWriteLength();
            var buffer = Buffers.Rent(length);
            writes[place] = WriteAsync(place, Outgoing.Begin(buffer.AsSpan(0, length)), buffer, length, token);
        }

        var isBroken = false;
        foreach (var writing in writes)
        {
            isBroken |= await writing.ConfigureAwait(false) == Broken;
        }

        return isBroken;
    }

    /// <summary>Writes, and gives the buffer back.</summary>
    /// <returns>How many bytes the transport took; <see cref="Flow.Unknown"/>; or that the connection is over.</returns>
    private async Task<long> WriteAsync(int place, int write, byte[] buffer, int length, CancellationToken token)
    {
        var bytes = buffer.AsMemory(0, length);
        var isBroken = false;
        long sent = 0;
        try
        {
            Volatile.Write(ref _writes[place], new Operation($"write of {length}", LimitOf(connection.WriteTimeout), token));
            if (_writeChance.Next(4) == 0)
            {
                await connection.WriteAsync(Segments.Cut(bytes, _writeChance), token).ConfigureAwait(false);
            }
            else
            {
                await connection.WriteAsync(bytes, token).ConfigureAwait(false);
            }

            sent = length;
        }
        catch (OperationCanceledException exception) when (exception.CancellationToken == token && token.IsCancellationRequested)
        {
            sent = Flow.Unknown;
        }
        catch (DeadlineExceededException exception)
        {
            sent = exception.BytesTransferred;
        }
        catch (ConnectionException exception) when (MayFailWith(exception) || (_hasBegunEnd && exception is { Error: ConnectionError.Closed, BytesTransferred: 0 }))
        {
            sent = exception.BytesTransferred;
            isBroken = true;
        }
        catch (Exception exception)
        {
            Findings.Report($"{this}, write: {exception}");
            isBroken = true;
        }

        Volatile.Write(ref _writes[place], null);
        Outgoing.End(write, sent);
        Buffers.Return(buffer, length);
        return isBroken ? Broken : sent;
    }

    private async Task StandByAsync(CancellationToken token)
    {
        _standing = new Operation("write of nothing", s_never, token);
        try
        {
            await connection.WriteAsync(ReadOnlyMemory<byte>.Empty, token).ConfigureAwait(false);
        }
        catch (DeadlineExceededException)
        {
            // It waited for too long.
        }
        catch (OperationCanceledException exception) when (exception.CancellationToken == token && token.IsCancellationRequested)
        {
            // It was cancelled while it waited.
        }
        catch (ConnectionException exception) when (MayFailWith(exception) || (_hasBegunEnd && exception.Error == ConnectionError.Closed))
        {
            // The connection is over.
        }
        catch (Exception exception)
        {
            Findings.Report($"{this}, write of nothing: {exception}");
        }

        _standing = null;
        _standingBy.Release();
    }

    private int PickWriteLength() => Flow.HeaderSize + _writeChance.Next(100) switch
    {
        < 60 => _writeChance.Next(200),
        < 90 => _writeChance.Next(4_000),
        < 98 => _writeChance.Next(40_000),
        _ => _writeChance.Next(200_000),
    };
}
