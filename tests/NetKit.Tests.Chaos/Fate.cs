namespace NetKit.Tests.Chaos;

/// <summary>What becomes of an answer. The request asks for it, so that both sides know: it is the second word of the text to echo.</summary>
internal enum Fate
{
    /// <summary>It is sent as it should be.</summary>
    Plain,

    /// <summary>It is sent in two parts.</summary>
    Split,

    /// <summary>It is sent, and the connection closed politely behind it.</summary>
    Close,

    /// <summary>Half of it is sent, and the connection reset.</summary>
    Half,

    /// <summary>The connection is reset in its place.</summary>
    Reset,

    /// <summary>It is sent when nobody waits for it any more.</summary>
    Late,
}
