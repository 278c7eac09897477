namespace NetKit.Samples;

/// <summary>Counts what became of the calls. Callers count at once, each kind on its own.</summary>
internal sealed class Tally
{
    private long _answered;
    private long _failed;
    private long _wrong;
    private long _increments;
    private long _unknown;
    private long _cuts;
    private Exception? _lastFailure;

    public long Answered => Volatile.Read(ref _answered);

    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Answers that were somebody else's.</summary>
    public long Wrong => Volatile.Read(ref _wrong);

    /// <summary>Increments that were answered.</summary>
    public long Increments => Volatile.Read(ref _increments);

    /// <summary>Increments without an answer: carried out or not.</summary>
    public long Unknown => Volatile.Read(ref _unknown);

    public long Cuts => Volatile.Read(ref _cuts);

    public Exception? LastFailure => Volatile.Read(ref _lastFailure);

    public void AddAnswer(bool isOurs)
    {
        Interlocked.Increment(ref isOurs ? ref _answered : ref _wrong);
    }

    public void AddIncrement()
    {
        Interlocked.Increment(ref _answered);
        Interlocked.Increment(ref _increments);
    }

    public void AddFailure(Exception failure, bool ofIncrement)
    {
        Interlocked.Increment(ref _failed);
        if (ofIncrement)
        {
            Interlocked.Increment(ref _unknown);
        }

        Volatile.Write(ref _lastFailure, failure);
    }

    public void AddCut() => Interlocked.Increment(ref _cuts);
}
