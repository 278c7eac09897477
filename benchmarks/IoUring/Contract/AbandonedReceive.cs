namespace NetKit.Benchmarks;

/// <summary>Lets one peer send to a connection that nobody reads, and another one to its neighbour on the same ring.</summary>
internal static class AbandonedReceive
{
    private const int Buffers = 64;
    private const int BufferSize = 16 * 1024;

    public static string Try()
    {
        using var trial = new RingTrial();
        using var buffers = new BufferRing(trial.Ring, Buffers, BufferSize);
        var (client, server) = Loopback.CreatePair();
        using (client)
        using (server)
        {
            Arm(trial.Ring, (int)server.Handle, 1);
            Arm(trial.Ring, trial.Descriptor, 2);
            trial.Ring.Enter(0);

            client.SendBufferSize = 64 * 1024;
            client.SendTimeout = 200;
            var flood = new byte[BufferSize];
            var taken = 0L;
            var flooded = false;
            while (!flooded)
            {
                client.Send(flood);
                trial.Ring.Enter(0);
                while (trial.Ring.TryTake(out var completion))
                {
                    taken += Math.Max(0, completion.Result);
                    flooded |= completion.Result == -Errno.NoBuffers;
                }
            }

            trial.Client.Send([1]);
            var neighbour = trial.Ring.Take();
            return $"The kernel took {taken:N0} bytes that nobody read, all {Buffers} buffers of {BufferSize / 1024} KB; then the neighbour's byte ended in "
                + (neighbour.Result == -Errno.NoBuffers ? "ENOBUFS" : $"{neighbour.Result}")
                + ", and both receives had to be armed anew.";
        }
    }

    private static void Arm(Ring ring, int descriptor, ulong userData)
    {
        ref var entry = ref ring.Next();
        entry.Operation = RingOperation.Receive;
        entry.Descriptor = descriptor;
        entry.UserData = userData;
        entry.Flags = EntryFlags.SelectBuffer;
        entry.BufferGroup = BufferRing.Group;
        entry.Mode = SubmissionEntry.ReceiveMultishot;
    }
}
