namespace NetKit;

internal abstract partial class ReadinessConnection
{
    // An operation that was told to leave does so in microseconds. The bound is for a wrapped stream that blocks.
    private static readonly TimeSpan s_leaveTime = TimeSpan.FromSeconds(5);

    private volatile ReleaseState _release;

    private enum ReleaseState : byte
    {
        NotReleased,
        Releasing,
        Released,
    }

    public sealed override void Abort()
    {
        TryLatch(CloseCause.Closed);
        ResetUnlessReleased();
    }

    internal sealed override bool TryAbort(CloseCause cause)
    {
        if (!TryLatch(cause))
        {
            return false;
        }

        ResetUnlessReleased();
        return true;
    }

    private void ResetUnlessReleased()
    {
        // A polite end under way is cut short. One that is done keeps its word to the peer.
        if (_release != ReleaseState.Released)
        {
            TryBeginRelease();
            Reset();
        }
    }

    private protected sealed override ValueTask CloseAsync()
    {
        TryLatch(CloseCause.Closed);
        var releases = TryBeginRelease();

        // Nearly always nobody is on the way, and a socket's end is a few system calls: no state machine for that.
        if (!HaveTurnsPassed)
        {
            return CloseAfterOthersAsync(releases);
        }

        return releases ? ReleaseForGoodAsync() : ValueTask.CompletedTask;
    }

    private protected sealed override void Close(TimeSpan patience)
    {
        TryLatch(CloseCause.Closed);
        var releases = TryBeginRelease();
        BlockingWait.For(PassTurnsAsync(Deadline.After(patience)));
        if (releases)
        {
            Release();
            _release = ReleaseState.Released;
        }
    }

    /// <summary>Closes for everyone: whatever waits fails for this cause, and nothing begins any more. False when somebody did so before.</summary>
    private bool TryLatch(CloseCause cause)
    {
        // A full fence, so that an operation published after this sees the latch, and one published before is seen here.
        if (Interlocked.CompareExchange(ref _closedFor, cause, CloseCause.None) != CloseCause.None)
        {
            return false;
        }

        Reading.Take()?.End(OperationEnd.Closed);
        Reading.Forget();
        if (WritingIfMade is { } writing)
        {
            writing.Take()?.End(OperationEnd.Closed);
            writing.Forget();
        }

        return true;
    }

    /// <summary>Tells whether the caller is the one to give the transport up.</summary>
    private bool TryBeginRelease() => Interlocked.CompareExchange(ref _release, ReleaseState.Releasing, ReleaseState.NotReleased) == ReleaseState.NotReleased;

    private async ValueTask CloseAfterOthersAsync(bool releases)
    {
        await PassTurnsAsync(Deadline.After(s_leaveTime)).ConfigureAwait(false);
        if (releases)
        {
            await ReleaseForGoodAsync().ConfigureAwait(false);
        }
    }

    private ValueTask ReleaseForGoodAsync()
    {
        var release = ReleaseAsync();
        if (!release.IsCompletedSuccessfully)
        {
            return EndReleaseAsync(release);
        }

        _release = ReleaseState.Released;
        return ValueTask.CompletedTask;
    }

    private async ValueTask EndReleaseAsync(ValueTask release)
    {
        await release.ConfigureAwait(false);
        _release = ReleaseState.Released;
    }

    /// <summary>Tells whether no operation is on its way, of those that began before the connection was closed.</summary>
    private protected bool HaveTurnsPassed => HasPassed(ref _readTurn) && HasPassed(ref _writeTurn);

    /// <summary>Waits until no operation is on its way. Whoever gets a turn after that finds the connection closed.</summary>
    private protected async ValueTask PassTurnsAsync(Deadline limit)
    {
        if (await _readTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false))
        {
            _readTurn.Exit();
        }

        if (await _writeTurn.EnterAsync(limit, CancellationToken.None).ConfigureAwait(false))
        {
            _writeTurn.Exit();
        }
    }

    private static bool HasPassed(ref Turn turn)
    {
        if (!turn.TryEnter())
        {
            return false;
        }

        turn.Exit();
        return true;
    }
}
