namespace NetKit.Tests.Connections;

public sealed class CompleteWritesTests
{
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Completing_writes_while_the_connection_is_aborted_fails_as_closed()
    {
        await using var pair = await Pairs.TcpAsync();
        var clock = new InterferingClock();
        pair.First.WriteDeadline = Deadline.After(TimeSpan.FromHours(1), clock);

        // The call looks at the clock after it has found the connection open.
        clock.OnRead = pair.First.Abort;
        await Fails.AsClosed(pair.First.CompleteWritesAsync());
    }

    private sealed class InterferingClock : TimeProvider
    {
        public Action? OnRead { get; set; }

        public override long GetTimestamp()
        {
            OnRead?.Invoke();
            return base.GetTimestamp();
        }
    }
}
