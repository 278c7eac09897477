namespace NetKit.Benchmarks;

/// <summary>Cancels a send that found room for a part, and compares what it reports with what the peer received.</summary>
internal static unsafe class CancelledSend
{
    private const int Length = 64 << 20;
    private const ulong Send = 1;
    private const ulong Cancel = 2;

    public static string Try()
    {
        using var trial = new RingTrial();
        var data = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        fixed (byte* start = data)
        {
            ref var entry = ref trial.Prepare(RingOperation.Send, Send);
            entry.Address = (ulong)start;
            entry.Length = Length;
            entry.CallFlags = LibC.NoSignal | LibC.WaitAll;
            trial.Ring.Enter(0);
            Thread.Sleep(100); // until the peer's buffers are full
            trial.PrepareCancel(Send, Cancel);
            var reported = 0;
            for (var completions = 0; completions < 2; completions++)
            {
                var completion = trial.Ring.Take();
                reported = completion.UserData == Send ? completion.Result : reported;
            }

            trial.Server.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            var received = 0;
            var buffer = new byte[1 << 20];
            while (trial.Client.Receive(buffer) is > 0 and var count)
            {
                received += count;
            }

            return $"The send of {Length:N0} bytes reported {reported:N0}; the peer received {received:N0}.";
        }
    }
}
