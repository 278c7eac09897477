namespace NetKit.Tests.Stress;

/// <summary>Collects what is wrong, and prints the first of it as it comes.</summary>
internal static class Findings
{
    private const int MostPrinted = 40;

    private static int s_count;

    public static int Count => Volatile.Read(ref s_count);

    public static void Report(string finding)
    {
        if (Interlocked.Increment(ref s_count) <= MostPrinted)
        {
            Console.WriteLine($"FOUND {finding}");
        }
    }

    /// <summary>Prints the last line, and gives the exit code of the program.</summary>
    public static int Conclude(string figures)
    {
        Console.WriteLine($"{figures}, {Count} findings");
        return Count == 0 ? 0 : 1;
    }
}
