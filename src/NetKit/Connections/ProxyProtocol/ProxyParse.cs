using System.Buffers;

namespace NetKit;

/// <summary>How far the reading of a PROXY header has come.</summary>
/// <param name="Status">Whether it is complete.</param>
/// <param name="Header">The header, when it is.</param>
/// <param name="Length">How long it is; while bytes are missing, how long at least: so much can be read, and nothing that follows is touched.</param>
internal readonly record struct ProxyParse(OperationStatus Status, ProxyHeader? Header, int Length)
{
    /// <summary>The shortest headers are "PROXY UNKNOWN\r\n", of 15 bytes, and LOCAL, of 16.</summary>
    public const int Shortest = 15;

    public static ProxyParse Invalid => new(OperationStatus.InvalidData, null, 0);

    public static ProxyParse Done(ProxyHeader header, int length) => new(OperationStatus.Done, header, length);

    public static ProxyParse AtLeast(int length) => new(OperationStatus.NeedMoreData, null, length);
}
