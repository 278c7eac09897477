namespace NetKit.Benchmarks;

/// <summary>Says, in an entry's user data, what its completion is for.</summary>
internal enum RingWork : byte
{
    Nothing,
    Accept,
    Receive,
    Send,
}
