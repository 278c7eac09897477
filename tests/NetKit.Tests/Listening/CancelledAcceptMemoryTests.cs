namespace NetKit.Tests.Listening;

[Collection(nameof(Alone))]
public sealed class CancelledAcceptMemoryTests
{
    public static TheoryData<Transport> All => TestListener.All;

    // A cancelled accept that the runtime keeps queued costs some 300 bytes until somebody dials; nobody does here.
    [Theory]
    [MemberData(nameof(All))]
    public async Task Ten_thousand_cancelled_accepts_on_a_quiet_listener_leave_nothing_behind(Transport transport)
    {
        const int Most = 50;
        await using var listener = TestListener.On(transport);
        await CancelAccepts(listener.Listener, 1_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await CancelAccepts(listener.Listener, 10_000);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < Most * 10_000, $"{grown} bytes stayed behind");

        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
    }

    private static async Task CancelAccepts(ConnectionListener listener, int count)
    {
        for (var times = 0; times < count; times++)
        {
            using var source = new CancellationTokenSource();
            var accept = listener.AcceptAsync(source.Token);
            source.Cancel();
            try
            {
                await accept;
                Assert.Fail("Nobody dialed.");
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
