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
            var told = new Told(descriptor);
            var reading = Waiting.OnThread(() => Await(told.Read));
            await Waiting.OnThread(() => Await(told.Write));
            await reading;
            await told.Both.Within();
        }

        void Await(Action wait)
        {
            together.SignalAndWait();
            wait();
        }
    }

    /// <summary>Waits in both directions until each has heard a reason.</summary>
    private sealed class Told(PolledDescriptor descriptor) : IPollable
    {
        private readonly TaskCompletionSource _read = new();
        private readonly TaskCompletionSource _written = new();

        public Task Both => Task.WhenAll(_read.Task, _written.Task);

        public void Read() => End(_read, descriptor.AwaitReadable(this));

        public void Write() => End(_written, descriptor.AwaitWritable(this));

        public object? Waiting => null;

        public bool OnReady(bool isHandedOver, bool inline) => false;

        public void Execute()
        {
            // Each failure makes the other direction look again, so who has heard must not ask.
            if (!_read.Task.IsCompleted)
            {
                Read();
            }

            if (!_written.Task.IsCompleted)
            {
                Write();
            }
        }

        private static void End(TaskCompletionSource direction, SocketError status)
        {
            if (status != SocketError.Success)
            {
                direction.TrySetResult();
            }
        }
    }
}
