using System.Diagnostics;
using System.IO.Pipelines;

namespace NetKit.Tests.Connections;

/// <summary>A receive that its reader gave up stays, and ends whenever it likes: also at the moment in which the next read begins.</summary>
public sealed class PipeReaderRaceTests
{
    private const int MostRounds = 250_000; // a few seconds where two cores are free
    private const int MostSpins = 200;
    private const int Over = -1;

    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(10); // where they are not, each round waits for its turn

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_read_that_begins_just_when_one_that_was_given_up_ends_shows_what_that_received()
    {
        var (peer, connection) = Connection.CreatePair();
        await using var closing = peer;
        await using var reading = connection;
        var input = connection.AsDuplexPipe().Input;
        var random = new Random(1);
        var round = 0;
        var began = Stopwatch.GetTimestamp();
        var writing = Task.Factory.StartNew(() => WriteInEachRound(peer, () => Volatile.Read(ref round)), Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            while (round < MostRounds && Stopwatch.GetElapsedTime(began) < s_time)
            {
                await GiveUpAReadAsync(input);
                Volatile.Write(ref round, round + 1);
                Thread.SpinWait(random.Next(MostSpins));
                var shown = await input.ReadAsync(Token).AsTask().Within();
                Assert.Equal((false, 1L, (byte)round), (shown.IsCompleted, shown.Buffer.Length, shown.Buffer.FirstSpan[0]));
                input.AdvanceTo(shown.Buffer.End);
            }
        }
        finally
        {
            Volatile.Write(ref round, Over);
        }

        await writing.Within();
    }

    private static async Task GiveUpAReadAsync(PipeReader input)
    {
        var reading = input.ReadAsync(Token).AsTask();
        input.CancelPendingRead();
        var nothing = await reading.Within();
        Assert.True(nothing.IsCanceled);
        input.AdvanceTo(nothing.Buffer.Start);
    }

    private static void WriteInEachRound(Connection peer, Func<int> round)
    {
        for (var written = 0; ; written++)
        {
            var spinner = default(SpinWait);
            while (round() == written)
            {
                spinner.SpinOnce(sleep1Threshold: -1); // a sleep would always come too late
            }

            if (round() == Over)
            {
                return;
            }

            peer.Write([(byte)(written + 1)]);
        }
    }
}
