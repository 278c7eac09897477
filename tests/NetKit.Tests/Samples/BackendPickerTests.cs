using System.Net;
using Microsoft.Extensions.Time.Testing;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

public sealed class BackendPickerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Backend[] _backends;

    public BackendPickerTests() => _backends = [.. Enumerable.Range(1, 3).Select(Make)];

    [Fact]
    public void Round_robin_gives_each_backend_every_third_client()
    {
        var picker = new BackendPicker(_backends, BackendPolicy.RoundRobin);
        Assert.Equal([0, 1, 2, 0, 1, 2, 0], Picks(picker, 7));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_share_of_a_backend_that_is_aside_goes_to_all_others(int aside)
    {
        PutAside(_backends[aside]);
        var picks = Picks(new BackendPicker(_backends, BackendPolicy.RoundRobin), 100);

        Assert.DoesNotContain(aside, picks);
        Assert.All(Enumerable.Range(0, 3).Where(index => index != aside), index => Assert.Equal(50, picks.Count(pick => pick == index)));
    }

    [Fact]
    public void Least_connections_fills_up_whoever_has_fewest()
    {
        var picker = new BackendPicker(_backends, BackendPolicy.LeastConnections);
        var tickets = Enumerable.Range(0, 9).Select(_ => picker.TryPick([])!).ToArray();
        Assert.All(_backends, static backend => Assert.Equal(3, backend.Connections));

        foreach (var ticket in tickets.Where(ticket => ticket.Backend == _backends[1]))
        {
            ticket.Dispose();
        }

        Assert.All(Enumerable.Range(0, 3), _ => Assert.Same(_backends[1], picker.TryPick([])!.Backend));
        Assert.All(_backends, static backend => Assert.Equal(3, backend.Connections));
    }

    [Fact]
    public void Least_connections_takes_turns_among_equals()
    {
        var picks = Picks(new BackendPicker(_backends, BackendPolicy.LeastConnections), 30);
        Assert.All(Enumerable.Range(0, 3), index => Assert.Equal(10, picks.Count(pick => pick == index)));
    }

    [Fact]
    public async Task Clients_that_come_at_once_do_not_all_see_the_same_fewest()
    {
        var picker = new BackendPicker(_backends, BackendPolicy.LeastConnections);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() =>
        {
            for (var pick = 0; pick < 500; pick++)
            {
                Assert.NotNull(picker.TryPick([]));
            }
        }))).Within();

        Assert.All(_backends, static backend => Assert.Equal(1000, backend.Connections));
    }

    [Theory]
    [InlineData(nameof(BackendPolicy.RoundRobin))]
    [InlineData(nameof(BackendPolicy.LeastConnections))]
    public void A_client_gets_no_backend_twice_and_none_that_is_aside(string policy)
    {
        var picker = new BackendPicker(_backends, Enum.Parse<BackendPolicy>(policy));
        PutAside(_backends[1]);

        var first = picker.TryPick([])!.Backend;
        Assert.Equal(1, picker.CountLeft([first]));
        var second = picker.TryPick([first])!.Backend;

        Assert.Equal([_backends[0], _backends[2]], new[] { first, second }.OrderBy(backend => backend.Name));
        Assert.Null(picker.TryPick([first, second]));
        Assert.Equal(0, picker.CountLeft([first, second]));
    }

    [Theory]
    [InlineData(nameof(BackendPolicy.RoundRobin))]
    [InlineData(nameof(BackendPolicy.LeastConnections))]
    public void A_backend_whose_time_aside_is_over_gets_one_client_until_that_one_tells(string policy)
    {
        var picker = new BackendPicker(_backends, Enum.Parse<BackendPolicy>(policy));
        PutAside(_backends[0]);
        _clock.Advance(TimeSpan.FromSeconds(1));

        var tickets = Enumerable.Range(0, 10).Select(_ => picker.TryPick([])!).ToArray();
        var trial = Assert.Single(tickets, ticket => ticket.Backend == _backends[0]);

        trial.OnConnected();
        Assert.Contains(0, Picks(picker, 3));
    }

    [Fact]
    public void Every_place_is_given_back_once()
    {
        var ticket = BackendTicket.TryTake(_backends[0])!;
        Assert.Equal(1, _backends[0].Connections);
        ticket.Dispose();
        ticket.Dispose();
        Assert.Equal(0, _backends[0].Connections);
    }

    private static void PutAside(Backend backend)
    {
        using var ticket = BackendTicket.TryTake(backend)!;
        Assert.NotNull(ticket.OnFailed());
    }

    private int[] Picks(BackendPicker picker, int count) => [.. Enumerable.Range(0, count).Select(_ =>
    {
        using var ticket = picker.TryPick([])!;
        ticket.OnConnected();
        return Array.IndexOf(_backends, ticket.Backend);
    })];

    private Backend Make(int number) => new(
        new IPEndPoint(IPAddress.Loopback, number),
        new BackendHealth(new BackoffTime(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)), _clock, static () => 1));
}
