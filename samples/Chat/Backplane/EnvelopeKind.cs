namespace NetKit.Samples;

internal enum EnvelopeKind : byte
{
    /// <summary>The body is a message, as clients get it.</summary>
    Message = 1,

    /// <summary>The body is how many are in the room at the sender, as 4 bytes, little-endian.</summary>
    Count = 2,

    /// <summary>Nothing: the sender wants to hear it itself, which shows that the way is open both ways.</summary>
    Hello = 3,
}
