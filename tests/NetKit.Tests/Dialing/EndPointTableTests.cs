using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Dialing;

public sealed class EndPointTableTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Gives_the_same_for_the_same_endpoint()
    {
        var table = Create();
        var first = table.Get(new DnsEndPoint("a.example", 80));
        Assert.Same(first, table.Get(new DnsEndPoint("a.example", 80)));
        Assert.NotSame(first, table.Get(new DnsEndPoint("a.example", 81)));
        Assert.NotSame(first, table.Get(new DnsEndPoint("b.example", 80)));
    }

    [Fact]
    public void Flood_of_endpoints_pushes_out_the_longest_unused_and_never_grows_beyond_the_bound()
    {
        var table = Create(capacity: 100);
        var (used, unused) = (table.Get(Of(0)), table.Get(Of(1)));
        for (var port = 2; port < 10_000; port++)
        {
            table.Get(Of(port));
            Assert.Same(used, table.Get(Of(0)));
            Assert.True(table.Count <= 100);
        }

        Assert.NotSame(unused, table.Get(Of(1)));
    }

    [Fact]
    public void Endpoint_that_its_owner_changes_is_another_from_then_on()
    {
        var table = Create(capacity: 10);
        var changing = new IPEndPoint(IPAddress.Loopback, 1);
        var first = table.Get(changing);
        changing.Port = 2;
        Assert.NotSame(first, table.Get(changing));
        Assert.Same(first, table.Get(Of(1)));
        for (; changing.Port < 1_000; changing.Port++)
        {
            table.Get(changing);
            Assert.True(table.Count <= 10);
        }
    }

    [Fact]
    public void What_is_not_asked_for_is_forgotten()
    {
        var table = Create();
        var kept = table.Get(Of(1));
        for (var port = 2; port < 50; port++)
        {
            table.Get(Of(port));
        }

        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Same(kept, table.Get(Of(1)));
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Same(kept, table.Get(Of(1)));
        Assert.Equal(1, table.Count);
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.NotSame(kept, table.Get(Of(1)));
    }

    [Fact]
    public void Many_threads_get_one_each()
    {
        var table = Create();
        var found = new System.Collections.Concurrent.ConcurrentDictionary<(int, object), bool>();
        Parallel.For(0, 2_000, number => found.TryAdd((number % 10, table.Get(Of(number % 10))), true));
        Assert.Equal(10, found.Count);
    }

    private EndPointTable<object> Create(int capacity = 1_000) => new(_ => new object(), capacity, TimeSpan.FromMinutes(5), _clock);

    private static IPEndPoint Of(int port) => new(IPAddress.Loopback, port);
}
