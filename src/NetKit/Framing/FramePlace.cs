namespace NetKit;

/// <summary>Where the next frame lies: how many bytes come before it, how many are its own, and how many end it.</summary>
internal readonly record struct FramePlace(int Before, int Length, int After)
{
    /// <summary>How many bytes the frame takes of the stream.</summary>
    public long Total => (long)Before + Length + After;
}
