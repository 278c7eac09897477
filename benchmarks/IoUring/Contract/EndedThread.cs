namespace NetKit.Benchmarks;

/// <summary>Ends the thread that submitted a receive, as a thread that has led a loop may end, and looks what becomes of it.</summary>
internal static unsafe class EndedThread
{
    public static string Try()
    {
        using var trial = new RingTrial(SetupFlags.None);
        var buffer = stackalloc byte[1];
        var address = (nint)buffer;
        var submitter = new Thread(() =>
        {
            trial.PrepareReceive((byte*)address, 1, 1);
            trial.Ring.Enter(0);
        });
        submitter.Start();
        submitter.Join();
        Thread.Sleep(100);
        trial.Client.Send([1]);
        var result = trial.Ring.Take().Result;
        return result == -Errno.Cancelled
            ? "The receive ended with ECANCELED: it belonged to the thread, on a ring that any thread may use."
            : $"The receive went on and ended with {result}.";
    }
}
