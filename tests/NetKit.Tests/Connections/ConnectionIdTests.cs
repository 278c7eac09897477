using System.Collections.Concurrent;

namespace NetKit.Tests.Connections;

public sealed class ConnectionIdTests
{
    [Fact]
    public void An_id_is_seven_letters_and_digits_that_cannot_be_misread()
    {
        for (var count = 0; count < 1_000; count++)
        {
            Assert.Matches("^[0-9A-HJKMNP-TV-Z]{7}$", ConnectionId.Next());
        }
    }

    [Fact]
    public void No_two_connections_share_an_id_whoever_makes_them()
    {
        var ids = new ConcurrentBag<string>();
        Parallel.For(0, 100_000, _ => ids.Add(ConnectionId.Next()));
        Assert.Equal(100_000, ids.Distinct().Count());
    }

    [Fact]
    public void A_connection_keeps_the_id_that_its_first_reader_saw()
    {
        for (var round = 0; round < 200; round++)
        {
            var (first, second) = Connection.CreatePair();
            var seen = new ConcurrentBag<string>();
            Parallel.For(0, 8, _ => seen.Add(first.Id));
            Assert.Equal(first.Id, Assert.Single(seen.Distinct()));
            Assert.NotEqual(first.Id, second.Id);
        }
    }
}
