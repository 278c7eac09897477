namespace NetKit.Tests.Listening;

/// <summary>What becomes of clients that come when the process has no descriptor left for them.</summary>
public sealed class TurnAwayTests : IAsyncDisposable
{
    private readonly ScriptedSocketAcceptor _acceptor = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _acceptor.DisposeAsync();

    [Fact]
    public async Task No_more_are_turned_away_than_may_be()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there is a limit known.");
        for (var client = 0; client < 10; client++)
        {
            _acceptor.AcceptsWithTheLastDescriptor();
        }

        // The last is turned away too, and says why nobody else is.
        _acceptor.MayTurnAway = 3;
        await FailsForWantOfDescriptors();
        Assert.Equal((4, 0), (_acceptor.Accepts, _acceptor.MayTurnAway));
        await FailsForWantOfDescriptors();
        Assert.Equal(5, _acceptor.Accepts);
    }

    [Fact]
    public async Task Each_is_turned_away_by_the_descriptor_in_reserve()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there is a limit known.");
        for (var client = 0; client < 3; client++)
        {
            _acceptor.FindsNoDescriptor().AcceptsWithTheLastDescriptor();
        }

        // The reserve is in hand again after each: else the second would find none.
        _acceptor.MayTurnAway = 2;
        await FailsForWantOfDescriptors();
        Assert.Equal((5, 0), (_acceptor.Accepts, _acceptor.MayTurnAway));
    }

    [Fact]
    public async Task The_descriptor_in_reserve_is_in_hand_while_nobody_comes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there is a limit known.");
        var come = new TaskCompletionSource();
        _acceptor.FindsNoDescriptor().WaitsAndFindsNoDescriptor(come.Task).AcceptsWithTheLastDescriptor().FindsNoDescriptor();
        _acceptor.MayTurnAway = 1;
        var failure = FailsForWantOfDescriptors();
        await Waiting.StillWaits(failure);
        come.SetResult();
        await failure.Within();
        Assert.Equal((4, 0), (_acceptor.Accepts, _acceptor.MayTurnAway));
    }

    private async Task FailsForWantOfDescriptors()
    {
        var exception = await Assert.ThrowsAsync<ConnectionException>(async () => await _acceptor.AcceptAsync(Token));
        Assert.Equal(ConnectionError.ResourceExhausted, exception.Error);
    }
}
