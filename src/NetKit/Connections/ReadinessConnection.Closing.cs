namespace NetKit;

internal abstract partial class ReadinessConnection
{
    private const int NotReleased = 0;
    private const int Releasing = 1;
    private const int Released = 2;

    // An operation that was told to leave does so in microseconds. The bound is for a wrapped stream that blocks.
    private static readonly TimeSpan s_leaveTime = TimeSpan.FromSeconds(5);

    private int _release;

    public sealed override void Abort()
    {
        Latch();

        // A polite end under way is cut short. One that is done keeps its word to the peer.
        if (Volatile.Read(ref _release) != Released)
        {
            TryBeginRelease();
            Reset();
        }
    }

    private protected sealed override ValueTask CloseAsync()
    {
        Latch();
        var releases = TryBeginRelease();
        if (!_readTurn.TryEnter())
        {
            return CloseAfterOthersAsync(releases);
        }

        if (!_writeTurn.TryEnter())
        {
            _readTurn.Exit();
            return CloseAfterOthersAsync(releases);
        }

        // Nearly always nobody is on the way, and a socket's end is a few system calls: no state machine for that.
        var release = releases ? ReleaseAsync() : ValueTask.CompletedTask;
        if (!release.IsCompletedSuccessfully)
        {
            return EndCloseAsync(release);
        }

        EndClose(releases, reading: true, writing: true);
        return ValueTask.CompletedTask;
    }

    private protected sealed override void Close(TimeSpan patience)
    {
        Latch();
        var releases = TryBeginRelease();
        var limit = Deadline.After(patience);
        var reading = BlockingWait.For(_readTurn.EnterAsync(limit, CancellationToken.None));
        var writing = BlockingWait.For(_writeTurn.EnterAsync(limit, CancellationToken.None));
        if (releases)
        {
            Release();
        }

        EndClose(releases, reading, writing);
    }

    /// <summary>Closes for everyone: whatever waits fails with Closed, and nothing begins any more.</summary>
    private void Latch()
    {
        // A full fence, so that an operation published after this sees the latch, and one published before is seen here.
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        Reading.Take()?.End(OperationEnd.Closed);
        Reading.Forget();
        if (WritingIfMade is { } writing)
        {
            writing.Take()?.End(OperationEnd.Closed);
            writing.Forget();
        }
    }

    /// <summary>Tells whether the caller is the one to give the transport up.</summary>
    private bool TryBeginRelease() => Interlocked.CompareExchange(ref _release, Releasing, NotReleased) == NotReleased;

    private async ValueTask CloseAfterOthersAsync(bool releases)
    {
        var limit = Deadline.After(s_leaveTime);
        var reading = await _readTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false);
        var writing = await _writeTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false);
        if (releases)
        {
            await ReleaseAsync().ConfigureAwait(false);
        }

        EndClose(releases, reading, writing);
    }

    private async ValueTask EndCloseAsync(ValueTask release)
    {
        await release.ConfigureAwait(false);
        EndClose(released: true, reading: true, writing: true);
    }

    /// <summary>Ends a close: those who queued for a turn find the connection closed.</summary>
    private void EndClose(bool released, bool reading, bool writing)
    {
        if (released)
        {
            Volatile.Write(ref _release, Released);
        }

        if (writing)
        {
            _writeTurn.Exit();
        }

        if (reading)
        {
            _readTurn.Exit();
        }
    }
}
