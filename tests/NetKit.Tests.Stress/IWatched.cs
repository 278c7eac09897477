namespace NetKit.Tests.Stress;

/// <summary>Something that must go on.</summary>
internal interface IWatched
{
    /// <summary>What it has been doing for longer than it may; null when it goes on. Asked by one thread, again and again.</summary>
    string? StuckAt(TimeSpan patience);
}
