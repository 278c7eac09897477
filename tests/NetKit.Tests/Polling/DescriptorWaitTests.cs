using System.Net.Sockets;

namespace NetKit.Tests.Polling;

public sealed class DescriptorWaitTests
{
    public DescriptorWaitTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_wait_ends_when_the_descriptor_was_closed_before_anybody_could_see_it()
    {
        using var pair = SocketPair.Tcp();
        var descriptor = new PolledDescriptor(NetPoller.NextLoop(), (int)pair.First.Handle, pair.First, shortReadTellsNothing: false);
        var wait = new DescriptorWait(continuesElsewhere: false);

        // Watched from here on: a later wait asks the system for nothing.
        var watching = wait.UntilReadableAsync(descriptor, CancellationToken.None).Within();
        await pair.Second.SendAsync(new byte[1]);
        await watching;
        descriptor.ClearReadable();

        descriptor.Close(abortive: false);
        wait.End();
        await wait.UntilReadableAsync(descriptor, CancellationToken.None).Within();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_wait_for_what_the_system_cannot_watch_ends_with_the_reason()
    {
        // epoll takes no plain files.
        using var file = File.OpenHandle(typeof(DescriptorWaitTests).Assembly.Location);
        var descriptor = new PolledDescriptor(
            NetPoller.NextLoop(), (int)file.DangerousGetHandle(), owner: null, shortReadTellsNothing: false);
        var wait = new DescriptorWait(continuesElsewhere: false);
        Assert.Equal(SocketError.AccessDenied, await wait.UntilReadableAsync(descriptor, CancellationToken.None).Within());
    }
}
