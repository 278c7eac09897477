using System.Diagnostics;

namespace NetKit.Samples;

/// <summary>One connection under load: what it sends, and what it waits for.</summary>
internal sealed class LoadClient(int number, ILoadConnection connection, LoadSettings settings, LoadCounts counts) : IAsyncDisposable
{
    private static readonly TimeSpan s_catchUp = TimeSpan.FromSeconds(1); // for what was due by the end

    private byte[]? _message; // made by the first that is sent
    private long _received;
    private int _hasFailed;
    private int _isDisposed;
    private Task? _receiving;

    /// <summary>Messages that came to it.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Whether it has neither failed nor been closed.</summary>
    public bool IsThere => Volatile.Read(ref _hasFailed) == 0;

    /// <summary>Whether it was found gone when it was to be closed.</summary>
    public bool WasGone { get; private set; }

    public bool Reads => settings.Mode != LoadMode.Broadcast || number < settings.Connections - settings.NeverRead;

    /// <summary>Sends each message when its answer to the one before has come, or when it is due, until the time is over.</summary>
    public async Task EchoAsync(long end, CancellationToken cancellationToken)
    {
        var due = new DueTimes(number, settings.Connections, settings.Rate);
        await WatchAsync(async () =>
        {
            Probe probe = default;
            ReceivedHandler isAnswer = received => Probe.TryFind(received, out var answer) && answer == probe; // one for all messages
            var message = 0;
            for (; Stopwatch.GetTimestamp() < end; message++)
            {
                probe = new Probe(number, message, await due.WaitAsync(message, end, cancellationToken));
                if (probe.Due >= end)
                {
                    return;
                }

                await SendAsync(probe);
                if (!await connection.ReceiveAsync(isAnswer))
                {
                    throw new EndOfStreamException();
                }

                counts.MessageReceived(probe.Due);
                _received++;
            }

            counts.NotSentInTime(Math.Max(0, due.CountBefore(end) - message));
        });
    }

    /// <summary>Sends what is due, and waits for nothing. What is not sent soon after the end is not sent at all.</summary>
    /// <param name="place">Of this one among those that send.</param>
    /// <param name="end">When nothing more is due.</param>
    /// <param name="cancellationToken">Ends the wait for what is due.</param>
    public async Task SendAllAsync(int place, long end, CancellationToken cancellationToken)
    {
        var due = new DueTimes(place, settings.Senders, settings.Rate);
        await WatchAsync(async () =>
        {
            var message = 0;
            for (; Stopwatch.GetElapsedTime(end) < s_catchUp; message++)
            {
                var probe = new Probe(number, message, await due.WaitAsync(message, end, cancellationToken));
                if (probe.Due >= end)
                {
                    return;
                }

                await SendAsync(probe);
            }

            counts.NotSentInTime(Math.Max(0, due.CountBefore(end) - message));
        });
    }

    /// <summary>Takes whatever comes, and measures what is of this run.</summary>
    /// <remarks>Not on the caller's thread: where something always comes, receiving never waits.</remarks>
    public Task ReceiveAllAsync() => _receiving = Task.Run(() => WatchAsync(async () =>
    {
        await connection.ReceiveAsync(Look);
        throw new EndOfStreamException();
    }));

    /// <summary>Ends all that it does.</summary>
    public void Abort() => connection.Abort();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        try
        {
            if (await connection.SayGoodbyeAsync())
            {
                await (_receiving ?? DiscardAsync());
            }
        }
        catch (ConnectionException e)
        {
            // Or it does not answer, which is as good.
            WasGone = e is not DeadlineExceededException;
        }

        await connection.DisposeAsync();
    }

    private async Task DiscardAsync()
    {
        try
        {
            await connection.ReceiveAsync(static _ => false);
        }
        catch (ClosedByServerException)
        {
            // It was told while it did not read.
            WasGone = true;
        }
    }

    private async ValueTask SendAsync(Probe probe)
    {
        _message ??= new byte[settings.Size];
        probe.Write(_message);
        var sent = Stopwatch.GetTimestamp();
        await connection.SendAsync(_message);
        counts.MessageSent(probe.Due, sent);
    }

    private bool Look(ReadOnlySpan<byte> message)
    {
        if (Probe.TryFind(message, out var probe))
        {
            counts.MessageReceived(probe.Due);
            Interlocked.Increment(ref _received);
        }

        return false;
    }

    private async Task WatchAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            // Once, though it may be sending and reading.
            if (!counts.IsOver && Interlocked.Exchange(ref _hasFailed, 1) == 0)
            {
                counts.Ended();
                counts.Failed(e);
            }
        }
    }
}
