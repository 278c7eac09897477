namespace NetKit.Benchmarks;

/// <summary>Tries what the connection contract asks of an engine, on rings alone, and tabulates what happened.</summary>
internal static class ContractStudy
{
    public const string Mode = "contract";

    private static readonly (string What, Func<string> Attempt)[] s_trials =
    [
        ("Cancel a receive while bytes come in", CancelledReceive.Try),
        ("Cancel a send that was half taken", CancelledSend.Try),
        ("Let another thread poll while a handler computes", HandOver.Try),
        ("End the thread that submitted a receive", EndedThread.Try),
        ("Leave a multishot receive running with nobody reading", AbandonedReceive.Try),
        ("Close a descriptor with a receive in flight", CloseInFlight.Try),
        ("Run out of descriptors while accepting", DescriptorsExhausted.Try),
        ("Forbid the system call, as containers do", ForbiddenCall.Try),
        ("Hold an idle connection: the kernel's memory beside the socket", IdleMemory.Try),
    ];

    public static void Run()
    {
        if (RingFeatures.Probe().Refusal is { } refusal)
        {
            Console.Error.WriteLine(refusal);
            return;
        }

        var table = new ResultTable("io-uring-contract", "Tried", "What happened");
        foreach (var (what, attempt) in s_trials)
        {
            Console.Error.WriteLine(what);
            table.Add(what, attempt());
        }

        table.Save("dotnet run -c Release --project benchmarks/IoUring -- contract");
    }
}
