namespace NetKit;

internal abstract partial class ReadinessConnection
{
    // An operation that was told to leave does so in microseconds. The bound is for a wrapped stream that blocks.
    private static readonly TimeSpan s_leaveTime = TimeSpan.FromSeconds(5);

    public sealed override void Abort()
    {
        Latch();
        Interlocked.Exchange(ref _released, 1);
        Reset();
    }

    private protected sealed override ValueTask CloseAsync()
    {
        Latch();
        if (Interlocked.Exchange(ref _released, 1) != 0)
        {
            return LeaveAsync();
        }

        // Nearly always nobody is on the way, and a socket's end is a few system calls: no state machine for that.
        if (!_readTurn.TryEnter())
        {
            return ReleaseAfterOthersAsync();
        }

        if (!_writeTurn.TryEnter())
        {
            _readTurn.Exit();
            return ReleaseAfterOthersAsync();
        }

        var release = ReleaseAsync();
        if (!release.IsCompletedSuccessfully)
        {
            return ExitAfterAsync(release);
        }

        _writeTurn.Exit();
        _readTurn.Exit();
        return ValueTask.CompletedTask;
    }

    private protected sealed override void Close(TimeSpan patience)
    {
        Latch();
        var limit = Deadline.After(patience);
        var first = Interlocked.Exchange(ref _released, 1) == 0;
        var reading = BlockingWait.For(_readTurn.EnterAsync(limit, CancellationToken.None));
        var writing = BlockingWait.For(_writeTurn.EnterAsync(limit, CancellationToken.None));
        if (first)
        {
            Release();
        }

        Exit(reading, writing);
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

    private async ValueTask ReleaseAfterOthersAsync()
    {
        var limit = Deadline.After(s_leaveTime);
        var reading = await _readTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false);
        var writing = await _writeTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await ReleaseAsync().ConfigureAwait(false);
        }
        finally
        {
            Exit(reading, writing);
        }
    }

    private async ValueTask ExitAfterAsync(ValueTask release)
    {
        try
        {
            await release.ConfigureAwait(false);
        }
        finally
        {
            Exit(reading: true, writing: true);
        }
    }

    /// <summary>Waits, after another caller closed or aborted, until no operation touches its buffer.</summary>
    private async ValueTask LeaveAsync()
    {
        var limit = Deadline.After(s_leaveTime);
        var reading = await _readTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false);
        var writing = await _writeTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false);
        Exit(reading, writing);
    }

    private void Exit(bool reading, bool writing)
    {
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
