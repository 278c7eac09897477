namespace NetKit;

/// <summary>Divides the time that a dial has left among the addresses that are still to be tried.</summary>
/// <remarks>
/// As Go's dialer does for addresses that are tried one after another, but by the number of rounds: as many addresses as
/// there are lanes share one. So nobody's share is cut who keeps no address waiting.
/// </remarks>
internal static class AttemptShare
{
    // Less hardly lets a lost packet be sent again. Taken from the end of the list where there is not enough.
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(2);

    /// <summary>How long an attempt that starts now may take.</summary>
    /// <param name="remaining">What the dial has left.</param>
    /// <param name="left">How many addresses have not ended, this one among them: those that wait and this one.</param>
    /// <param name="lanes">How many attempts may be under way.</param>
    public static TimeSpan Of(TimeSpan remaining, int left, int lanes)
    {
        var rounds = ((left - 1) / lanes) + 1;
        var share = remaining / rounds;
        return share >= s_least ? share : remaining < s_least ? remaining : s_least;
    }
}
