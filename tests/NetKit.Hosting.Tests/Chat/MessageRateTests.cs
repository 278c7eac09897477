using Microsoft.Extensions.Time.Testing;
using NetKit.Samples;

namespace NetKit.Tests.Chat;

/// <summary>How many messages a client may send.</summary>
public sealed class MessageRateTests
{
    [Fact]
    public void So_many_a_second_pass_and_bursts_of_twice_as_many()
    {
        var clock = new FakeTimeProvider();
        var rate = new MessageRate(2, clock);
        Assert.Equal(4, Passing());
        clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(1, Passing());
        clock.Advance(TimeSpan.FromSeconds(0.4));
        Assert.Equal(0, Passing());
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(4, Passing());

        int Passing() => Enumerable.Range(0, 100).Count(_ => rate.TryPass());
    }
}
