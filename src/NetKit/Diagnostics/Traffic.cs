using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>Counts the bytes of all connections, while somebody wants to know.</summary>
/// <remarks>
/// What is read and written is the hot path: with nobody listening it pays for a look whether anybody does. With a listener it pays
/// for one addition, in a cell that few threads share, and not for a call of the listener: that one is told the sums when it
/// collects. The sums only grow, so that listeners may come and go; what moved while there was none is not in them.
/// </remarks>
internal static class Traffic
{
    private static readonly Cell[] s_cells = new Cell[BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount) * 2];

    /// <summary>Whether anybody wants to know.</summary>
    public static bool IsCounted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => NetKitMetrics.MeasuresTraffic || NetKitEventSource.Log.IsEnabled();
    }

    public static long Received => Sum(static (ref cell) => ref cell.Received);

    public static long Sent => Sum(static (ref cell) => ref cell.Sent);

    public static void AddReceived(long count) => Interlocked.Add(ref MyCell.Received, count);

    public static void AddSent(long count) => Interlocked.Add(ref MyCell.Sent, count);

    private static ref Cell MyCell => ref s_cells[Environment.CurrentManagedThreadId & (s_cells.Length - 1)];

    private static long Sum(FieldOf field)
    {
        var sum = 0L;
        foreach (ref var cell in s_cells.AsSpan())
        {
            sum += Volatile.Read(ref field(ref cell));
        }

        return sum;
    }

    private delegate ref long FieldOf(ref Cell cell);

    // Two lines of the processor's cache, which fetches them in pairs: threads on different cores do not get into each other's way.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Cell
    {
        public long Received;
        public long Sent;
    }
}
