namespace NetKit.Tests.Timing;

/// <summary>Sets a nearer deadline at the very moment when somebody begins to wait: one of the two must tell the wheel.</summary>
[Collection(nameof(Alone))]
public sealed class DeadlineEntryRaceTests
{
    private const int Batches = 40;
    private const int EntriesPerBatch = 500;
    private int _waiterAt;
    private int _setterAt;

    [Fact]
    public async Task Whoever_comes_first_the_wheel_looks_in_time()
    {
        for (var batch = 0; batch < Batches; batch++)
        {
            var entries = Enumerable.Range(0, EntriesPerBatch)
                .Select(_ => new WatchedEntry(timeProvider: null) { Deadline = Deadline.After(TimeSpan.FromHours(2)) })
                .ToArray();
            var nearer = Deadline.After(TimeSpan.FromHours(1));
            (_waiterAt, _setterAt) = (-1, -1);
            await Task.WhenAll(
                Waiting.OnThread(() => Visit(entries, ref _waiterAt, ref _setterAt, entry => entry.Await())),
                Waiting.OnThread(() => Visit(entries, ref _setterAt, ref _waiterAt, entry => entry.Deadline = nearer))).Within();

            // Nothing fires for an hour, so what the wheel knows now is what it will act on.
            Assert.All(entries, entry => Assert.InRange(entry.VisitAt, 0, entry.DueAt));
            Array.ForEach(entries, entry => entry.Forget());
        }
    }

    /// <summary>Acts on each entry as soon as the other thread is at it too.</summary>
    private static void Visit(WatchedEntry[] entries, ref int mine, ref int other, Action<WatchedEntry> act)
    {
        for (var index = 0; index < entries.Length; index++)
        {
            Volatile.Write(ref mine, index);
            var spin = new SpinWait();
            while (Volatile.Read(ref other) < index)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }

            act(entries[index]);
        }
    }
}
