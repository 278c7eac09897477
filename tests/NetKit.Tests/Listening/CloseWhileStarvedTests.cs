using Microsoft.Extensions.Logging.Abstractions;
using NetKit.Tests.Timing;

namespace NetKit.Tests.Listening;

public sealed class CloseWhileStarvedTests
{
    [Fact]
    public async Task Closing_a_listener_ends_its_wait_for_resources()
    {
        var time = new TimerCountingTimeProvider();
        var acceptor = new ScriptedAcceptor().FailsForWantOfDescriptors();
        await using var listener = new ConnectionListener(acceptor, NullLogger.Instance, time);
        var next = listener.AcceptSteadilyAsync(CancellationToken.None).AsTask();
        await Eventually.Equal(1, () => time.Armed);
        await listener.DisposeAsync();
        Assert.Null(await next.Within());
    }
}
