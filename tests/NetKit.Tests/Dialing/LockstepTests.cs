using NetKit.Benchmarks;

namespace NetKit.Tests.Dialing;

/// <summary>What becomes of clients that all lose their server in the same instant.</summary>
public sealed class LockstepTests
{
    private const int Clients = 1_000;

    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan s_piece = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void A_thousand_clients_in_lockstep_soon_dial_as_evenly_as_chance_has_it_and_come_back_one_by_one()
    {
        var outage = Outage.Run(Clients, s_outage, static (inner, clock, client) => new RetryingDialer(
            inner, new RetryOptions { MaxRetryAttempts = int.MaxValue }, null, clock, new Random(client)));

        // 39 degrees of freedom: one run of chance in a thousand is further from even than 72.
        var counts = Outage.Count(outage.Attempts, s_outage - (40 * s_piece), s_outage, s_piece);
        Assert.True(ChiSquare.OfEven(counts) < 72, string.Join(' ', counts));

        // Whoever waits up to 2 s is back within 2 s. All at once would be 1,000 in a piece; an even wait leaves a tenth of them at most.
        Assert.Equal(Clients, outage.Returns.Count);
        Assert.True(outage.Returns.Max() <= s_outage + TimeSpan.FromSeconds(2), $"{outage.Returns.Max()}");
        var returns = Outage.Count(outage.Returns, s_outage, s_outage + TimeSpan.FromSeconds(2.1), s_piece);
        Assert.True(returns.Max() < Clients / 7, string.Join(' ', returns));
    }

    // That the test above can fail.
    [Fact]
    public void Without_jitter_they_stay_in_lockstep()
    {
        var outage = Outage.Run(Clients, s_outage, static (inner, clock, _) => new RetryingDialer(
            inner, new RetryOptions { MaxRetryAttempts = int.MaxValue }, null, clock, new NoChance()));
        Assert.Equal(Clients, Outage.Count(outage.Returns, s_outage, s_outage + TimeSpan.FromSeconds(2.1), s_piece).Max());
    }

    private sealed class NoChance : Random
    {
        public override double NextDouble() => 0.5;
    }
}
