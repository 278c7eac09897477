namespace NetKit.Tests.Stress;

/// <summary>The bytes of a flow: each tells by itself, or with its neighbours, which flow it belongs to and where.</summary>
internal static class Pattern
{
    /// <summary>How much can be had in one piece.</summary>
    public const int MostAtOnce = 256 * 1024;

    /// <summary>A byte that no flow has.</summary>
    public const byte Mark = 0xFF;

    private const int Period = 1_048_573; // a prime: no power of two falls in step with it

    private static readonly byte[] s_block = MakeBlock();

    /// <summary>The bytes of a flow from a position on.</summary>
    public static ReadOnlyMemory<byte> Of(long flow, long position, int length) => s_block.AsMemory(Start(flow, position), length);

    /// <summary>Tells whether the bytes are those of the flow at that position.</summary>
    public static bool Matches(ReadOnlySpan<byte> bytes, long flow, long position) =>
        bytes.SequenceEqual(s_block.AsSpan(Start(flow, position), bytes.Length));

    private static int Start(long flow, long position) => (int)((Scatter(flow) + (ulong)position) % Period);

    private static ulong Scatter(long flow) => ((ulong)flow * 0x9E3779B97F4A7C15UL) >> 24;

    private static byte[] MakeBlock()
    {
        var block = new byte[Period + MostAtOnce];
        new Random(1).NextBytes(block.AsSpan(0, Period));
        block.AsSpan(0, Period).Replace(Mark, (byte)0);
        block.AsSpan(0, MostAtOnce).CopyTo(block.AsSpan(Period));
        return block;
    }
}
