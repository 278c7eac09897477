using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>Cancels receives while bytes come in, and looks whether one is lost.</summary>
internal static unsafe class CancelledReceive
{
    private const int Receives = 50_000;
    private const ulong Receive = 1;
    private const ulong Cancel = 2;

    public static string Try()
    {
        using var trial = new RingTrial();
        var stopped = false;
        var sent = 0L;
        var producer = new Thread(() =>
        {
            var random = new Random(1);
            while (!Volatile.Read(ref stopped))
            {
                trial.Client.Send([(byte)sent++]);
                Thread.SpinWait(random.Next(400));
            }
        });
        producer.Start();

        var waits = new List<double>();
        long received = 0, cancelled = 0, late = 0;
        var inOrder = true;
        var buffer = stackalloc byte[64];
        for (var index = 0; index < Receives; index++)
        {
            trial.PrepareReceive(buffer, 64, Receive);
            trial.Ring.Enter(0);
            var asked = Stopwatch.GetTimestamp();
            trial.PrepareCancel(Receive, Cancel);
            bool isCancelled = false, isReceived = false;
            while (!isCancelled || !isReceived)
            {
                var completion = trial.Ring.Take();
                isCancelled |= completion.UserData == Cancel;
                if (completion.UserData == Receive)
                {
                    isReceived = true;
                    Count(completion.Result);
                }
            }

            waits.Add(Stopwatch.GetElapsedTime(asked).TotalMicroseconds);
        }

        Volatile.Write(ref stopped, true);
        producer.Join();
        while (received < sent)
        {
            trial.PrepareReceive(buffer, 64, Receive);
            Count(trial.Ring.Take().Result);
        }

        return $"{Receives:N0} receives: {cancelled:N0} ended as cancelled, {late:N0} had received all the same; "
            + $"{received:N0} of {sent:N0} bytes arrived, {(inOrder ? "in order" : "NOT IN ORDER")}. "
            + $"The buffer was the kernel's for another {Statistics.Median(waits):N1} us after asking (median; at most {waits.Max():N0} us).";

        void Count(int result)
        {
            if (result == -Errno.Cancelled)
            {
                cancelled++;
                return;
            }

            late++;
            for (var index = 0; index < result; index++)
            {
                inOrder &= buffer[index] == (byte)(received + index);
            }

            received += result;
        }
    }
}
