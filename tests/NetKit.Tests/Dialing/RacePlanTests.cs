using System.Globalization;

namespace NetKit.Tests.Dialing;

/// <summary>The decisions of a race as tables: each address's script in, the instants of the starts out. No clock, no sockets.</summary>
public sealed class RacePlanTests
{
    private const int Never = int.MaxValue;

    // Script: what each address does, and after how many milliseconds: "+30" connects, "-0" fails, "." never answers.
    // Starts: the instants at which the attempts start, in milliseconds.
    [Theory]
    [InlineData("nothing to dial", "", "", Never)]
    [InlineData("the first connects", "+30 +30", "0", 30)]
    [InlineData("the first connects just before the delay has passed", "+249 +30", "0", 249)]
    [InlineData("the first is slow, the second is faster", "+900 +30", "0 250", 280)]
    [InlineData("the first is slow and still the faster", "+260 +30", "0 250", 260)]
    [InlineData("the first is a black hole", ". +30", "0 250", 280)]
    [InlineData("two black holes", ". . +30", "0 250 500", 530)]
    [InlineData("the first is refused: the next starts at once", "-30 +30", "0 30", 60)]
    [InlineData("refused at the very start: the smallest gap is kept", "-0 +30", "0 10", 40)]
    [InlineData("refused shortly after the start: the smallest gap is kept", "-4 -4 +1", "0 10 20", 21)]
    [InlineData("a refusal starts the next, and its delay begins anew", "-30 . +30", "0 30 280", 310)]
    [InlineData("an older attempt's failure starts the next at once", "-300 . +30", "0 250 300", 330)]
    [InlineData("all are refused", "-30 -30 -30", "0 30 60", Never)]
    [InlineData("all are refused at once", "-0 -0 -0", "0 10 20", Never)]
    [InlineData("the last one is refused later than the first: the first is waited for", "+900 -30", "0 250", 900)]
    [InlineData("four black holes: the fifth has no lane", ". . . . +30", "0 250 500 750", Never)]
    [InlineData("a failure gives its lane to the fifth at once", ". . -2000 . +30", "0 250 500 750 2500", 2530)]
    [InlineData("a failure of the fourth long after: at once too", ". . . -5000 +30", "0 250 500 750 5750", 5780)]
    [InlineData("one address fails", "-30", "0", Never)]
    public void The_attempts_start_when_they_should(string story, string script, string starts, int connected)
    {
        var race = new Rehearsal(script, TimeSpan.FromMilliseconds(250));
        race.Run();
        Assert.True(starts == race.Starts, $"{story}: expected starts at {starts}, got {race.Starts}");
        Assert.Equal(connected, race.ConnectedAt);
    }

    [Theory]
    [InlineData(100, "0 100 200 300")]
    [InlineData(200, "0 200 400 600")]
    [InlineData(2000, "0 2000 4000 6000")]
    public void The_delay_is_kept(int delay, string starts)
    {
        var race = new Rehearsal(". . . .", TimeSpan.FromMilliseconds(delay));
        race.Run();
        Assert.Equal(starts, race.Starts);
    }

    [Fact]
    public void A_single_lane_tries_one_after_another()
    {
        var race = new Rehearsal("-700 -600 +30", TimeSpan.FromMilliseconds(250), lanes: 1);
        race.Run();
        Assert.Equal("0 700 1300", race.Starts);
        Assert.Equal(1330, race.ConnectedAt);
    }

    [Fact]
    public void It_is_over_when_every_address_was_tried_and_every_attempt_has_ended()
    {
        var plan = new RacePlan(2, TimeSpan.FromMilliseconds(250));
        Assert.False(plan.IsOver);
        Assert.True(plan.TryStart(0, out _));
        plan.OnFailed(0);
        Assert.False(plan.IsOver);
        Assert.Equal(1, plan.Left);
        Assert.True(plan.TryStart(plan.NextStart, out var address));
        Assert.Equal(1, address);
        Assert.False(plan.IsOver);
        Assert.Equal(long.MaxValue, plan.NextStart);
        plan.OnFailed(0);
        Assert.True(plan.IsOver);
        Assert.True(new RacePlan(0, TimeSpan.FromMilliseconds(250)).IsOver);
    }

    [Fact]
    public void A_clock_may_stand_anywhere()
    {
        foreach (var zero in new[] { long.MinValue / 2, -1, 0, long.MaxValue / 2 })
        {
            var plan = new RacePlan(2, TimeSpan.FromMilliseconds(250));
            Assert.True(plan.TryStart(zero, out _));
            Assert.False(plan.TryStart(zero, out _));
            Assert.Equal(zero + TimeSpan.FromMilliseconds(250).Ticks, plan.NextStart);
        }
    }

    /// <summary>Runs a plan against scripted addresses, by the millisecond.</summary>
    private sealed class Rehearsal(string script, TimeSpan delay, int lanes = RacePlan.MostLanes)
    {
        private const int End = 60_000;
        private readonly string[] _script = script.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        private readonly List<int> _starts = [];
        private readonly SortedList<(int At, int Address), bool> _ends = [];

        public string Starts => string.Join(' ', _starts.Select(start => start.ToString(CultureInfo.InvariantCulture)));

        public int ConnectedAt { get; private set; } = Never;

        public void Run()
        {
            var plan = new RacePlan(_script.Length, delay, lanes);
            for (var now = 0; now < End && ConnectedAt == Never && !plan.IsOver; now++)
            {
                bool changed;
                do
                {
                    changed = Finish(plan, now);
                    while (ConnectedAt == Never && plan.TryStart(now * TimeSpan.TicksPerMillisecond, out var address))
                    {
                        Assert.Equal(_starts.Count, address);
                        Assert.True(_starts.Count == 0 || now - _starts[^1] >= 10, "Two starts within the smallest gap.");
                        Start(now, address);
                        Assert.InRange(_ends.Count(end => end.Key.At >= now), 0, lanes);
                        changed = true;
                    }
                }
                while (changed);
            }
        }

        private void Start(int now, int address)
        {
            _starts.Add(now);
            var step = _script[address];
            _ends.Add((step == "." ? Never : now + int.Parse(step[1..], CultureInfo.InvariantCulture), address), step[0] == '+');
        }

        private bool Finish(RacePlan plan, int now)
        {
            if (_ends.Count == 0 || _ends.GetKeyAtIndex(0).At > now || ConnectedAt != Never)
            {
                return false;
            }

            if (_ends.GetValueAtIndex(0))
            {
                ConnectedAt = now;
            }
            else
            {
                plan.OnFailed(now * TimeSpan.TicksPerMillisecond);
            }

            _ends.RemoveAt(0);
            return true;
        }
    }
}
