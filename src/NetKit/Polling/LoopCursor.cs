namespace NetKit;

/// <summary>Says in one word who leads a loop and what is done: term, batch, step.</summary>
/// <remarks>
/// <para>A leader claims each step by exchanging the word for the next; who fails to do so leads no more. To put a new
/// leader in place is to exchange the word for that of the next term. So each event is dispatched exactly once, by one
/// thread, whatever the old leader was doing.</para>
/// <para>20 bits of term, 32 of batch, 12 of step: no word comes again while anybody could remember it. A leader may run
/// more batches than that; they begin anew within its term.</para>
/// </remarks>
internal static class LoopCursor
{
    private const int StepBits = 12;
    private const int TermShift = 44;
    private const long StepMask = (1L << StepBits) - 1;
    private const long TermMask = -1L << TermShift;

    public static long TermOf(long cursor) => cursor >> TermShift;

    /// <summary>Which batch it is, within 32 bits.</summary>
    public static int BatchOf(long cursor) => (int)(cursor >> StepBits);

    public static int StepOf(long cursor) => (int)(cursor & StepMask);

    /// <summary>Where a loop begins: it waits, so that nobody else takes the first leader's place before it is there.</summary>
    public const long Start = StepMask;

    /// <summary>Tells whether the batch may have another step. Each new leader takes some, so nothing else bounds them.</summary>
    public static bool HasStepsLeft(long cursor) => StepOf(cursor) < StepMask - 1;

    /// <summary>Tells whether the leader waits for events. Nobody takes its place then.</summary>
    public static bool IsPolling(long cursor) => (cursor & StepMask) == StepMask;

    public static long NextStep(long cursor) => cursor + 1;

    public static long Polling(long cursor) => cursor | StepMask;

    public static long NextBatch(long cursor) => (cursor & TermMask) | (((cursor | StepMask) + 1) & ~TermMask);

    public static long NextTerm(long cursor) => cursor + (1L << TermShift);
}
