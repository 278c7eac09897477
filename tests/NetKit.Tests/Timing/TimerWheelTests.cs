using CsCheck;

namespace NetKit.Tests.Timing;

/// <summary>Runs the wheel beside a plain list that is searched from end to end, and expects the same of both.</summary>
public sealed class TimerWheelTests
{
    private const long Horizon = 63L << 42;

    private enum Act
    {
        Link,
        Unlink,
        Advance,
        AdvanceToNext,
    }

    // Distances of every size, and those just around where the wheel's levels meet.
    private static readonly Gen<long> s_distance = Gen.OneOf(
        Gen.Long[0, 3],
        Gen.Long[0, 200],
        Gen.Long[0, 10_000],
        Gen.Int[0, 47].Select(Gen.Long[-2, 2], (bits, near) => Math.Max(0, (1L << bits) + near)),
        Gen.Long[0, Horizon],
        Gen.Long[-500, -1],
        Gen.Const(long.MaxValue / 2));

    private static readonly Gen<long> s_start = Gen.OneOf(
        Gen.Const(0L),
        Gen.Long[0, 10_000],
        Gen.Int[1, 59].Select(Gen.Long[-3, 3], (bits, near) => Math.Max(0, (1L << bits) + near)),
        Gen.Long[0, 1L << 59]);

    private static readonly Gen<(Act, long)> s_act = Gen.Select(
        Gen.Frequency((5, Gen.Const(Act.Link)), (1, Gen.Const(Act.Unlink)), (2, Gen.Const(Act.Advance)), (1, Gen.Const(Act.AdvanceToNext))),
        s_distance);

    [Fact]
    public void The_wheel_does_what_a_sorted_list_does() =>
        Gen.Select(s_start, s_act.Array[1, 80]).Sample((start, acts) =>
        {
            var pair = new WheelAndList(start);
            foreach (var (act, value) in acts)
            {
                pair.Run(act, value);
                pair.CheckNextTick();
            }

            pair.Drain();
        }, iter: 20_000);

    [Fact]
    public void Looking_only_when_told_to_finds_every_entry_within_one_look_a_level() =>
        Gen.Select(s_start, s_distance.Array[1, 40]).Sample((start, distances) =>
        {
            var wheel = new TimerWheel(start);
            foreach (var distance in distances)
            {
                wheel.Link(new ProbeEntry(), start + distance);
            }

            var looks = 0;
            var found = 0;
            while (wheel.NextTick() is var tick and not long.MaxValue)
            {
                looks++;
                while (wheel.TakeDue(tick) is not null)
                {
                    found++;
                }
            }

            Assert.Equal(distances.Length, found);
            Assert.InRange(looks, 1, distances.Length * 8);
        }, iter: 5_000);

    [Fact]
    public void An_empty_wheel_asks_for_no_look()
    {
        var wheel = new TimerWheel(1_000);
        Assert.Equal(long.MaxValue, wheel.NextTick());
        Assert.Null(wheel.TakeDue(long.MaxValue / 2));
        Assert.Equal(long.MaxValue, wheel.NextTick());
    }

    [Fact]
    public void Entries_of_one_tick_all_come_due_at_it()
    {
        var wheel = new TimerWheel(0);
        var entries = Enumerable.Range(0, 100).Select(_ => new ProbeEntry()).ToList();
        entries.ForEach(entry => wheel.Link(entry, 4_097));

        Assert.Null(wheel.TakeDue(4_096));
        while (entries.Count > 0)
        {
            Assert.True(entries.Remove((ProbeEntry)wheel.TakeDue(4_097)!));
        }

        Assert.Null(wheel.TakeDue(4_097));
    }

    private sealed class WheelAndList(long start)
    {
        private readonly TimerWheel _wheel = new(start);
        private readonly List<(DeadlineEntry Entry, long Tick)> _list = [];
        private long _now = start;

        public void Run(Act act, long value)
        {
            switch (act)
            {
                case Act.Link:
                    var entry = new ProbeEntry();
                    _wheel.Link(entry, _now + value);
                    _list.Add((entry, Math.Clamp(_now + value, _now, _now + Horizon)));
                    break;
                case Act.Unlink when _list.Count > 0:
                    var index = (int)(Math.Abs(value) % _list.Count);
                    _wheel.Unlink(_list[index].Entry);
                    Assert.Equal(-1, _list[index].Entry.Slot);
                    _list.RemoveAt(index);
                    break;
                case Act.Advance:
                    // The list knows the wheel's true time, which never goes back.
                    Advance(Math.Min(_now + value, 1L << 61));
                    break;
                case Act.AdvanceToNext when _list.Count > 0:
                    Advance(_wheel.NextTick());
                    break;
            }
        }

        public void CheckNextTick()
        {
            if (_list.Count == 0)
            {
                Assert.Equal(long.MaxValue, _wheel.NextTick());
                return;
            }

            Assert.InRange(_wheel.NextTick(), _now, _list.Min(item => item.Tick));
        }

        public void Drain()
        {
            while (_list.Count > 0)
            {
                Advance(_list.Min(item => item.Tick));
                CheckNextTick();
            }
        }

        private void Advance(long now)
        {
            var last = long.MinValue;
            while (_wheel.TakeDue(now) is { } entry)
            {
                var index = _list.FindIndex(item => item.Entry == entry);
                Assert.True(index >= 0, "An entry came twice, or after it was taken off.");
                var tick = _list[index].Tick;
                _list.RemoveAt(index);
                Assert.True(tick <= now, "early");
                Assert.True(tick >= last, "out of order");
                last = tick;
            }

            _now = Math.Max(_now, now);
            Assert.DoesNotContain(_list, item => item.Tick <= _now && item.Tick <= now);
        }
    }

    private sealed class ProbeEntry() : DeadlineEntry(DeadlineScheduler.For(null))
    {
        internal override bool IsAwaited => true;

        internal override void OnDue()
        {
        }
    }
}
