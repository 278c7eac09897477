using System.Net.Sockets;

namespace NetKit.Tests.Polling;

public sealed class PolledDescriptorTests
{
    private const int Attempts = 2_000;

    public PolledDescriptorTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Both_directions_hear_that_the_system_cannot_watch_a_descriptor()
    {
        // epoll takes no plain files.
        using var file = File.OpenHandle(typeof(PolledDescriptorTests).Assembly.Location);
        using var together = new Barrier(2);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var descriptor = new PolledDescriptor(
                NetPoller.NextLoop(), (int)file.DangerousGetHandle(), owner: null, shortReadTellsNothing: false);
            var reader = new Told();
            var writer = new Told();
            var reading = Waiting.OnThread(() => Await(descriptor.AwaitReadable, reader));
            await Waiting.OnThread(() => Await(descriptor.AwaitWritable, writer));
            await reading;
            await reader.Task.Within();
            await writer.Task.Within();
        }

        void Await(Func<IPollable, SocketError> wait, Told told)
        {
            together.SignalAndWait();
            if (wait(told) != SocketError.Success)
            {
                told.Execute();
            }
        }
    }

    private sealed class Told : IPollable
    {
        private readonly TaskCompletionSource _told = new();

        public Task Task => _told.Task;

        public void OnReadable() => Execute();

        public void OnWritable(bool inline) => Execute();

        public void Execute() => _told.TrySetResult();
    }
}
