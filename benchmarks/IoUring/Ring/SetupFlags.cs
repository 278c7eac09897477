namespace NetKit.Benchmarks;

/// <summary>IORING_SETUP_*: how a ring is to work, each with the Linux that first knew it.</summary>
[Flags]
internal enum SetupFlags : uint
{
    None = 0,

    /// <summary>Asks for more completions than twice the submissions. Linux 5.5.</summary>
    CompletionSize = 1 << 3,

    /// <summary>Goes on submitting when one entry is refused. Linux 5.18.</summary>
    SubmitAll = 1 << 7,

    /// <summary>Interrupts no running thread to finish an operation. Linux 5.19.</summary>
    CooperativeTasks = 1 << 8,

    /// <summary>Tells in shared memory that something waits to be finished. Linux 5.19.</summary>
    TaskFlag = 1 << 9,

    /// <summary>Promises that one thread alone submits. Linux 6.0.</summary>
    SingleIssuer = 1 << 12,

    /// <summary>Finishes operations only when that thread asks for completions. Linux 6.1.</summary>
    DeferTasks = 1 << 13,

    /// <summary>Leaves out the table of indices between the ring and its entries. Linux 6.6.</summary>
    NoSubmissionArray = 1 << 16,
}
