namespace NetKit.Benchmarks;

/// <summary>Names the ways to use a socket, as they appear in the tables.</summary>
internal static class Ways
{
    public const string Socket = "Socket";
    public const string NetworkStream = "NetworkStream";
    public const string Connection = "Connection";
    public const string ConnectionWithDeadlines = "Connection, deadlines moved";

    public static readonly string[] All = [Socket, NetworkStream, Connection, ConnectionWithDeadlines];
}
