namespace NetKit.Tests.Serving;

public sealed class HandshakeGateTests
{
    [Fact]
    public async Task So_many_enter_as_there_are_places_and_a_place_given_back_goes_to_the_newest()
    {
        var gate = new HandshakeGate(2);
        Assert.True(Enter(gate).IsCompletedSuccessfully);
        Assert.True(Enter(gate).IsCompletedSuccessfully);
        var (older, newer) = (Enter(gate), Enter(gate));
        await Waiting.StillWaits(Task.WhenAny(older, newer));

        gate.Leave();
        await newer.Within();
        Assert.False(older.IsCompleted);
        gate.Leave();
        await older.Within();
        Assert.Equal(2, gate.Taken);
        gate.Leave();
        gate.Leave();
        Assert.Equal(0, gate.Taken);
        Assert.True(Enter(gate).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Who_gives_up_takes_no_place()
    {
        var gate = new HandshakeGate(1);
        await Enter(gate);
        using var source = new CancellationTokenSource();
        var waiting = gate.EnterAsync(source.Token).AsTask();
        await source.CancelAsync();
        Assert.Equal(source.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Within())).CancellationToken);
        gate.Leave();
        Assert.Equal(0, gate.Taken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await Enter(gate);
            await gate.EnterAsync(source.Token);
        });
    }

    [Fact]
    public async Task No_place_is_lost_when_giving_up_and_leaving_meet()
    {
        var gate = new HandshakeGate(1);
        for (var round = 0; round < 2_000; round++)
        {
            await Enter(gate).Within();
            using var source = new CancellationTokenSource();
            var waiting = gate.EnterAsync(source.Token).AsTask();
            var cancelling = Task.Run(source.Cancel, TestContext.Current.CancellationToken);
            gate.Leave();
            await cancelling;
            await Task.WhenAny(waiting).Within();
            if (waiting.IsCompletedSuccessfully)
            {
                gate.Leave();
            }

            Assert.Equal(0, gate.Taken);
        }
    }

    private static Task Enter(HandshakeGate gate) => gate.EnterAsync(TestContext.Current.CancellationToken).AsTask();
}
