using System.Diagnostics;

namespace NetKit.Tests.Timing;

/// <summary>Moves random deadlines on the system's clock from several threads: no fire may be early, and none lost.</summary>
[Collection(nameof(Alone))]
public sealed class DeadlineSchedulerStressTests
{
    private const int Movers = 4;
    private const int Entries = 64;
    private const int Rounds = 30;
    private const int MovesPerRound = 400;

    [Fact]
    public async Task No_fire_is_early_and_none_is_lost()
    {
        var entries = Enumerable.Range(0, Entries).Select(_ => new Racer()).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Movers).Select(mover => Task.Run(
                () => MoveAtRandom(entries, new Random((round * Movers) + mover)), TestContext.Current.CancellationToken)));

            foreach (var entry in entries)
            {
                entry.Await();
                await Eventually.True(entry.IsSettled, () => $"round {round}: the fire of {entry.Deadline} was lost");
            }
        }

        Assert.All(entries, entry => Assert.InRange(entry.EarlyFires, 0, entry.LapsedMoves));
        Assert.All(entries, entry => entry.Forget());
        Assert.True(entries.Sum(entry => entry.Fires) > Rounds * Entries / 2, "hardly anything fired");
    }

    private static void MoveAtRandom(Racer[] entries, Random random)
    {
        for (var move = 0; move < MovesPerRound; move++)
        {
            var entry = entries[random.Next(entries.Length)];
            switch (random.Next(10))
            {
                case 0:
                    entry.Move(Deadline.None);
                    break;
                case 1:
                    entry.Leave();
                    break;
                case 2:
                    entry.Await();
                    break;
                default:
                    entry.Move(Deadline.After(TimeSpan.FromMicroseconds(random.Next(-100, 20_000))));
                    break;
            }

            Thread.SpinWait(random.Next(200));
        }
    }

    private sealed class Racer() : DeadlineEntry(DeadlineScheduler.For(null))
    {
        private readonly Lock _moving = new();
        private volatile bool _awaited;
        private long _settled;
        private int _lapsedMoves;
        private int _earlyFires;
        private int _fires;

        public int LapsedMoves => _lapsedMoves;

        public int EarlyFires => _earlyFires;

        public int Fires => _fires;

        internal override bool IsAwaited => _awaited;

        public void Await()
        {
            _awaited = true;
            Interlocked.MemoryBarrier();
            Watch();
        }

        public void Leave() => _awaited = false;

        /// <summary>Moves the deadline, and notes when the old one had lapsed by then: that one may still fire.</summary>
        public void Move(Deadline deadline)
        {
            lock (_moving)
            {
                var old = Deadline;
                Deadline = deadline;
                if (old.HasPassed)
                {
                    Interlocked.Increment(ref _lapsedMoves);
                }
            }
        }

        public bool IsSettled() => Deadline.IsNone || Volatile.Read(ref _settled) == Deadline.Instant;

        internal override void OnDue()
        {
            Interlocked.Increment(ref _fires);
            var deadline = Deadline;
            if (deadline.HasPassed)
            {
                Volatile.Write(ref _settled, deadline.Instant);
            }
            else
            {
                Interlocked.Increment(ref _earlyFires);
            }
        }
    }
}
