using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>Accepts, many times with one operation, more connections than there are descriptors.</summary>
internal static class DescriptorsExhausted
{
    private const int Clients = 16;
    private const int Spare = 4;

    public static string Try()
    {
        using var ring = Ring.TryCreate(Variant.Deferred, out _)!;
        using var listener = Loopback.Listen();
        var clients = Enumerable.Range(0, Clients).Select(_ => Loopback.Connect(((IPEndPoint)listener.LocalEndPoint!).Port)).ToArray();
        var used = Directory.EnumerateFiles("/proc/self/fd").Select(static path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));
        var free = Enumerable.Range(0, int.MaxValue).Except(used).Skip(Spare).First();
        var accepted = new List<int>();
        CompletionEntry last;
        var again = 0;
        using (new DescriptorLimit(free))
        {
            last = Accept(ring, listener, accepted);
            while (again < 1000 && Accept(ring, listener, accepted).Result == -Errno.TooManyFiles)
            {
                again++;
            }
        }

        var before = accepted.Count;
        last = last.HasMore ? throw new InvalidOperationException("The accept went on without descriptors.") : last;
        Arm(ring, listener);
        while (accepted.Count < Clients)
        {
            accepted.Add(ring.Take().Result);
        }

        accepted.ForEach(static descriptor => _ = LibC.Close(descriptor));
        Array.ForEach(clients, static client => client.Dispose());
        return $"Of {Clients} clients {before} were accepted, then the multishot accept ended with {(last.Result == -Errno.TooManyFiles ? "EMFILE" : $"{last.Result}")}. "
            + $"Armed anew without a pause it ended so {again:N0} times of 1,000; with descriptors again it took the other {Clients - before}.";
    }

    private static CompletionEntry Accept(Ring ring, Socket listener, List<int> accepted)
    {
        Arm(ring, listener);
        CompletionEntry completion;
        while ((completion = ring.Take()).Result >= 0)
        {
            accepted.Add(completion.Result);
        }

        return completion;
    }

    private static void Arm(Ring ring, Socket listener)
    {
        ref var entry = ref ring.Next();
        entry.Operation = RingOperation.Accept;
        entry.Descriptor = (int)listener.Handle;
        entry.Mode = SubmissionEntry.AcceptMultishot;
        entry.CallFlags = LibC.CloseOnExec;
    }
}
