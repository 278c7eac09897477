namespace NetKit.Tests.Stress;

// What an end reads.
internal sealed partial class End
{
    private const int Nothing = -1;
    private const int Broken = -2;

    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _reading = new(1);
    private readonly Operation?[] _reads = new Operation?[MostTogether];
    private readonly Random _readChance = new(seed); // whoever reads has it
    private CancellationTokenSource _readGiveUp = new();

    /// <summary>Begins to read, unless that goes on already.</summary>
    public void Read()
    {
        if (_reading.Wait(0))
        {
            _ = ReadOnAsync();
        }
    }

    /// <summary>Cancels those reads that can be.</summary>
    public void GiveUpReading() => Volatile.Read(ref _readGiveUp).Cancel();

    /// <summary>Reads what the peer says until the end of it, or until nothing more is to come. Nobody else reads after that.</summary>
    public async Task DrainAsync(Func<bool>? isDone = null)
    {
        while (!await _reading.WaitAsync(s_glance).ConfigureAwait(false))
        {
            // Those that wait end by what comes; but if nothing more does, they have no reason to.
            connection.ReadDeadline = isDone is null ? Deadline.None : Deadline.After(TimeSpan.Zero);
        }

        var isBroken = false;
        while (!_hasSeenEnd && !isBroken && isDone?.Invoke() != true)
        {
            connection.ReadDeadline = isDone is null ? Deadline.None : Deadline.After(s_glance);
            isBroken = await ReadTogetherAsync(1, CancellationToken.None).ConfigureAwait(false) == Broken;
        }
    }

    /// <summary>Waits for what will never come, on an end that is about to close. After <see cref="DrainAsync"/>.</summary>
    public async Task ReadInVainAsync()
    {
        LiftLimits();
        if (!_hasSeenEnd && await ReadTogetherAsync(1, CancellationToken.None).ConfigureAwait(false) >= 0)
        {
            Findings.Report($"{this}: there was something to read when there was nothing on its way.");
        }
    }

    private async Task ReadOnAsync()
    {
        var rounds = _readChance.Next(MostRounds);
        int count;
        do
        {
            connection.ReadTimeout = PickTimeout(_readChance);
            if (_readGiveUp.IsCancellationRequested)
            {
                Volatile.Write(ref _readGiveUp, new CancellationTokenSource());
            }

            var token = _readChance.Next(4) == 0 ? _readGiveUp.Token : CancellationToken.None;
            count = _readChance.Next(8) == 0
                ? await WaitAndReadAsync(token).ConfigureAwait(false)
                : await ReadTogetherAsync(Math.Max(1, _readChance.Next(-4, MostTogether + 1)), token).ConfigureAwait(false);
            Dawdle(_readChance);
        }
        while (count != Broken && !_hasSeenEnd && !link.IsEnding && rounds-- > 0);

        _reading.Release();
    }

    /// <summary>Begins so many reads at once, and takes what they bring in that order.</summary>
    private async Task<int> ReadTogetherAsync(int together, CancellationToken token, bool isDue = false)
    {
        var reads = new (byte[] Buffer, int Length, Task<int> Count)[together];
        for (var place = 0; place < together; place++)
        {
            var length = PickReadLength();
            var buffer = Buffers.Rent(length);
            reads[place] = (buffer, length, ReadAsync(place, buffer.AsMemory(0, length), token, isDue));
        }

        var last = 0;
        foreach (var (buffer, length, reading) in reads)
        {
            last = await reading.ConfigureAwait(false);
            if (last > 0)
            {
                Incoming.Receive(buffer.AsSpan(0, last));
            }
            else if (last == 0)
            {
                SeeEnd();
            }

            Buffers.Return(buffer, Math.Max(last, 0));
        }

        return last;
    }

    /// <summary>Waits for data without a buffer. Then there must be something at once.</summary>
    private async Task<int> WaitAndReadAsync(CancellationToken token)
    {
        var status = await ReadAsync(0, Memory<byte>.Empty, token).ConfigureAwait(false);
        if (status == 0)
        {
            connection.ReadDeadline = Deadline.None;
            connection.ReadTimeout = Timeout.Infinite;
            return await ReadTogetherAsync(1, CancellationToken.None, isDue: true).ConfigureAwait(false);
        }

        return status;
    }

    private async Task<int> ReadAsync(int place, Memory<byte> buffer, CancellationToken token, bool isDue = false)
    {
        try
        {
            var name = buffer.IsEmpty ? "wait to read" : isDue ? "read of what is there" : "read";
            Volatile.Write(ref _reads[place], new Operation(name, isDue ? Heartbeat.Now : LimitOf(connection.ReadTimeout), token));
            return await connection.ReadAsync(buffer, token).ConfigureAwait(false);
        }
        catch (DeadlineExceededException)
        {
            return Nothing;
        }
        catch (OperationCanceledException exception) when (exception.CancellationToken == token && token.IsCancellationRequested)
        {
            return Nothing;
        }
        catch (ConnectionException exception) when (MayFailWith(exception))
        {
            return Broken;
        }
        catch (Exception exception)
        {
            Findings.Report($"{this}, read: {exception}");
            return Broken;
        }
        finally
        {
            Volatile.Write(ref _reads[place], null);
        }
    }

    private void SeeEnd()
    {
        _hasSeenEnd = true;
        if (!Peer._hasBegunEnd && !Peer._isClosed && !link.IsCut)
        {
            Findings.Report($"{this} reads an end that nobody has sent.");
        }
    }

    private int PickReadLength() => _readChance.Next(100) switch
    {
        < 20 => 1 + _readChance.Next(8),
        < 50 => 1 + _readChance.Next(1_000),
        < 85 => 4_096,
        < 97 => 16_384,
        _ => 65_536,
    };

    /// <summary>Holds up the thread that goes on with an operation, once in a while, as handlers do.</summary>
    private static void Dawdle(Random random)
    {
        if (random.Next(1_000) == 0)
        {
            Thread.Sleep(1 + random.Next(10));
        }
    }
}
