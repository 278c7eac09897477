namespace NetKit;

/// <summary>Makes the short names of connections: seven letters and digits, counted up.</summary>
internal static class ConnectionId
{
    // Crockford's Base32: no I, L, O or U, so an id read out loud or off a screen is typed right.
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Length = 7;

    // Starts at random, so that the ids of two runs in one log file differ.
    private static int s_last = Random.Shared.Next();

    public static string Next() => string.Create(Length, (uint)Interlocked.Increment(ref s_last), static (id, number) =>
    {
        for (var index = id.Length - 1; index >= 0; index--)
        {
            id[index] = Digits[(int)(number & 31)];
            number >>= 5;
        }
    });
}
