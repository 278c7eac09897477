namespace NetKit;

/// <summary>Names how a dial ends.</summary>
internal enum DialVerdict
{
    Undecided = 0,
    Connected,
    Failed,
    Cancelled,
    DeadlineExceeded,
}
