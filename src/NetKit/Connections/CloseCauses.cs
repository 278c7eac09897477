namespace NetKit;

/// <summary>Puts a server's reasons to give a connection up into words.</summary>
internal static class CloseCauses
{
    /// <summary>The end of a sentence, which names the option; null for a close that its user asked for.</summary>
    public static string? Sentence(this CloseCause cause) => cause switch
    {
        CloseCause.Idle => "no byte came or went for as long as ConnectionServerOptions.IdleTimeout",
        CloseCause.Stalled => "the client took nothing of a write for as long as ConnectionServerOptions.IdleTimeout",
        CloseCause.SlowToSend => "the client sent more slowly than ConnectionServerOptions.MinReceiveRate",
        CloseCause.TooOld => "the connection was as old as ConnectionServerOptions.MaxConnectionLifetime",
        _ => null,
    };
}
