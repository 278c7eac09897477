using System.Globalization;
using System.Net;

namespace NetKit;

/// <summary>Names one end of an in-memory connection, or an in-memory listener: memory:7.</summary>
internal sealed class MemoryEndPoint : EndPoint
{
    private static int s_last;
    private readonly int _number = Interlocked.Increment(ref s_last);

    /// <param name="listener">What opens connections to it; null for an end of a connection, to which there are none.</param>
    public MemoryEndPoint(IDialer? listener = null) => Listener = listener;

    /// <summary>What opens connections to it; null when nobody listens there.</summary>
    public IDialer? Listener { get; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"memory:{_number}");
}
