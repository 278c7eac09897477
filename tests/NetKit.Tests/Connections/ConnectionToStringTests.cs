namespace NetKit.Tests.Connections;

public sealed class ConnectionToStringTests
{
    [Fact]
    public void A_socket_connection_shows_its_id_and_both_endpoints()
    {
        using var pair = SocketPair.Tcp();
        using var connection = Connection.FromSocket(pair.First);
        Assert.Equal($"{connection.Id} {pair.First.LocalEndPoint} -> {pair.First.RemoteEndPoint}", connection.ToString());
    }

    [Fact]
    public void A_closed_connection_still_tells_who_it_was()
    {
        using var pair = SocketPair.Tcp();
        var words = $"{pair.First.LocalEndPoint} -> {pair.First.RemoteEndPoint}";
        var connection = Connection.FromSocket(pair.First);
        connection.Dispose();
        Assert.Equal($"{connection.Id} {words}", connection.ToString());
    }

    [Fact]
    public void A_connection_in_memory_names_both_of_its_ends()
    {
        var (first, second) = Connection.CreatePair();
        Assert.Matches(@"^\w{7} memory:\d+ -> memory:\d+$", first.ToString());
        Assert.Equal(first.LocalEndPoint, second.RemoteEndPoint);
        Assert.NotEqual(first.LocalEndPoint, second.LocalEndPoint);
    }

    [Fact]
    public void A_wrapped_stream_without_endpoints_shows_its_id_alone()
    {
        using var connection = Connection.FromStream(new MemoryStream());
        Assert.Equal(connection.Id, connection.ToString());
    }
}
