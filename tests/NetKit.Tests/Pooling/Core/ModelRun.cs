namespace NetKit.Tests.Pooling.Core;

/// <summary>Lives one life of a pool on the core and on the naive model side by side.</summary>
internal sealed class ModelRun
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2); // the same for all, as in a pool

    private readonly ConnectionPoolOptions _options;
    private readonly CoreHarness _harness;
    private readonly NaivePool _model;
    private bool _hasFailed; // since then the pace of dials is the core's own affair
    private bool _dialEnded;

    public ModelRun(ConnectionPoolOptions options)
    {
        _options = options;
        _harness = new CoreHarness(options);
        _model = new NaivePool(options);
        AssertDials(before: 0);
    }

    public void Run((CoreStep Step, int Pick)[] steps)
    {
        foreach (var (step, pick) in steps)
        {
            Do(step, pick);
        }

        Finish();
    }

    private void Do(CoreStep step, int pick)
    {
        _model.ExpectedCloses.Clear();
        _model.ExpectedSettles.Clear();
        _dialEnded = false;
        var closingBefore = _harness.Closing.ToHashSet();
        var dialsBefore = _harness.Dials.Count;
        _harness.Forget();
        Take(step, pick);
        AssertSame(closingBefore);
        AssertDials(dialsBefore);
    }

    private void Take(CoreStep step, int pick)
    {
        switch (step)
        {
            case CoreStep.Rent or CoreStep.RentAgain or CoreStep.RentOnceMore:
                Rent(s_patience);
                break;
            case CoreStep.RentLate:
                // Came a while ago, and has looked at an idle connection since, which was no good.
                Rent(s_patience - TimeSpan.FromMilliseconds(pick * 50));
                break;
            case CoreStep.Return or CoreStep.ReturnAgain when _harness.Leased.Count > 0:
                var returned = Pick(_harness.Leased, pick);
                _harness.Return(returned);
                _model.Offer(returned, _harness.Now, isFresh: false);
                break;
            case CoreStep.Discard or CoreStep.DiscardDead when _harness.Leased.Count > 0:
                var discarded = Pick(_harness.Leased, pick);
                _model.ExpectedCloses.Add(discarded);
                _hasFailed |= step == CoreStep.DiscardDead;
                _harness.Discard(discarded, isDead: step == CoreStep.DiscardDead);
                break;
            case CoreStep.DialOk or CoreStep.DialOkAgain when _harness.Dials.Count > 0:
                DialOk(Pick(_harness.Dials, pick));
                break;
            case CoreStep.DialFails when _harness.Dials.Count > 0:
                var failed = Pick(_harness.Dials, pick);
                _hasFailed |= !failed.IsCancelled;
                _dialEnded = true;
                _harness.DialFails(failed);
                break;
            case CoreStep.Closed or CoreStep.ClosedAgain when _harness.Closing.Count > 0:
                _harness.Closed(Pick(_harness.Closing, pick));
                break;
            case CoreStep.Cancel when _harness.Waiters.Count > 0:
                var waiter = Pick(_harness.Waiters, pick);
                Assert.Equal(_model.Waiting.Remove(waiter), _harness.Cancel(waiter));
                break;
            case CoreStep.Advance:
                _harness.AdvanceSilently(TimeSpan.FromMilliseconds(pick * 100));
                _harness.Tick();
                _model.Tick(_harness.Now);
                break;
            case CoreStep.AdvanceSilently:
                _harness.AdvanceSilently(TimeSpan.FromMilliseconds(pick * 50));
                break;
            case CoreStep.Clear:
                _model.Clear();
                _harness.Clear();
                break;
            case CoreStep.WarmUp when _options.IdleTimeout != TimeSpan.Zero && _options.ConnectionLifetime != TimeSpan.Zero:
                _harness.WarmUpTo(pick % (_options.MaxConnections + 1));
                break;
            case CoreStep.Dispose when pick == 0:
                _model.Dispose();
                _harness.Dispose();
                break;
        }
    }

    private void Rent(TimeSpan patience)
    {
        var expected = _model.IsDisposed ? null : _model.Rent(_harness.Now);
        var wasFull = _model.Waiting.Count >= _options.MaxWaiters;
        var entry = _harness.Rent(out var outcome, patience);
        Assert.Same(expected, entry);
        if (entry is not null)
        {
            return;
        }

        if (outcome == PoolRent.Waiting)
        {
            _model.Wait(_harness.Waiters[^1]);
        }

        Assert.Equal(_model.IsDisposed, outcome == PoolRent.Disposed);
        Assert.Equal(wasFull && !_model.IsDisposed, outcome == PoolRent.Full);
        Assert.True(outcome != PoolRent.Down || (_hasFailed && _harness.Leased.Count == 0 && _harness.Dials.Count == 0));
    }

    private void DialOk(CoreHarness.Dial dial)
    {
        var isCurrent = dial.Generation == _harness.Core.Generation;
        _dialEnded = true;
        var entry = _harness.DialOk(dial);
        if (isCurrent)
        {
            _model.Current.Add(entry);
        }

        _model.Offer(entry, _harness.Now, isFresh: true);
    }

    /// <summary>The core settled whom the model says, with what it says, and closed what it says.</summary>
    private void AssertSame(HashSet<CoreHarness.Entry> closingBefore)
    {
        var closes = _harness.Closing.Where(entry => !closingBefore.Contains(entry)).ToHashSet<PoolEntry>();
        Assert.True(closes.SetEquals(_model.ExpectedCloses), "closes what the model does not, or does not what it does");

        var settles = _harness.Settled.Where(static waiter => waiter.State != PoolWaiterState.Down).Select(static waiter => ((PoolWaiter)waiter, waiter.Entry));
        Assert.Equal(_model.ExpectedSettles, settles);
        foreach (var down in _harness.Settled.Where(static waiter => waiter.State == PoolWaiterState.Down))
        {
            Assert.True(_hasFailed && _harness.Leased.Count == 0, "lets nobody wait in vain, and nobody go who could be served");
            Assert.True(_model.Waiting.Remove(down));
        }

        var (idle, leased, _, waiting, _, _, _) = _harness.Statistics;
        Assert.Equal((_model.Idle.Count, _harness.Leased.Count, _model.Waiting.Count), (idle, leased, waiting));
    }

    /// <summary>As many dials as are needed, allowed and there is room for; exactly so while none has failed.</summary>
    private void AssertDials(int before)
    {
        if (_model.IsDisposed)
        {
            return;
        }

        var (idle, leased, dialing, waiting, _, _, _) = _harness.Statistics;
        var target = _harness.WarmUps.Where(static warmUp => warmUp.State == PoolWaiterState.Waiting).Select(static warmUp => warmUp.Target).DefaultIfEmpty().Max();
        var needed = Math.Max(waiting + Math.Max(0, _options.MinIdle - idle), target - idle - leased);
        var room = _options.MaxConnections - leased - idle - _harness.Closing.Count;
        var useful = _harness.Dials.Count(static dial => !dial.IsCancelled);
        Assert.True(dialing <= _options.MaxConcurrentDials && dialing <= room);
        var most = Math.Min(Math.Min(needed, room), _options.MaxConcurrentDials);
        Assert.True(useful <= Math.Max(most, before), $"{useful} dials run where {most} are needed");
        if (!_hasFailed)
        {
            Assert.True(useful >= Math.Min(needed, Math.Min(room, _options.MaxConcurrentDials) - (dialing - useful)), $"{useful} dials run where {needed} are needed");
        }
        else if (_dialEnded && waiting > 0 && leased == 0)
        {
            Assert.True(dialing > 0 || _harness.Core.TimerAt != long.MaxValue, "waits for a dial that is running or has its time");
        }
    }

    /// <summary>Disposes the pool, ends everything, and sees that nothing is left and everything ended once.</summary>
    private void Finish()
    {
        _harness.Dispose();
        while (_harness.Leased.Count + _harness.Dials.Count + _harness.Closing.Count > 0)
        {
            foreach (var entry in _harness.Leased.ToArray())
            {
                _harness.Return(entry);
            }

            foreach (var dial in _harness.Dials.ToArray())
            {
                _harness.DialFails(dial);
            }

            foreach (var entry in _harness.Closing.ToArray())
            {
                _harness.Closed(entry);
            }
        }

        var (idle, leased, dialing, waiting, dialed, _, closed) = _harness.Statistics;
        Assert.Equal((0, 0, 0, 0), (idle, leased, dialing, waiting));
        Assert.Equal((_harness.All.Count, _harness.All.Count), ((int)dialed, (int)closed));
        Assert.All(_harness.All, static entry => Assert.Equal(1, entry.TimesClosed));
        Assert.All(_harness.Waiters, static waiter => Assert.Equal(1, waiter.TimesSettled));
        Assert.All(_harness.WarmUps, static warmUp => Assert.NotEqual(PoolWaiterState.Waiting, warmUp.State));
        Assert.True(_harness.IsDrained);
    }

    private static T Pick<T>(List<T> list, int pick) => list[pick % list.Count];
}
