using System.Diagnostics;
using System.Globalization;
using NetKit.Samples;
using NetKit.Tests.Stress;

namespace NetKit.Tests.Chaos;

/// <summary>Sends bursts of requests, each with a text of its own that must come back, and judges each answer and each failure.</summary>
/// <param name="number">Which caller.</param>
/// <param name="redis">What it calls.</param>
/// <param name="timeout">How long each call may take.</param>
/// <param name="obeys">Whether the server does to an answer what the request asks for.</param>
/// <param name="seed">What all its choices follow from, together with the number.</param>
/// <param name="tally">Where it reports.</param>
internal sealed class Caller(int number, RedisClient redis, TimeSpan timeout, bool obeys, int seed, Tally tally)
{
    // What a busy machine may add to a wait, by a clock that stands still while nobody gets to run.
    private static readonly TimeSpan s_allowance = TimeSpan.FromSeconds(1);

    private readonly Random _random = new(HashCode(seed, number));

    public async Task RunAsync(CancellationToken stop)
    {
        for (var call = 0; !stop.IsCancellationRequested; call++)
        {
            // The load: bursts that crowd the pool, and pauses that leave it idle. Pauses after failures too, for while the server is away
            // they come at once.
            if (!await CallAsync(call) || _random.Next(20) == 0)
            {
                await Task.Delay(_random.Next(5, 40), CancellationToken.None);
            }
        }
    }

    private async Task<bool> CallAsync(int call)
    {
        var fate = obeys ? DrawFate() : Fate.Plain;
        var padding = new string('x', _random.Next(50) == 0 ? _random.Next(60_000) : _random.Next(100));
        var text = string.Create(CultureInfo.InvariantCulture, $"{number}-{call} {fate} {padding}");
        if (fate == Fate.Close)
        {
            tally.AddClose();
        }

        using var cancel = new CancellationTokenSource();
        var limit = timeout;
        if (_random.Next(500) == 0)
        {
            limit = TimeSpan.FromMilliseconds(_random.Next(1, 20));
            cancel.CancelAfter(limit);
        }

        var (began, beganByHeart) = (Stopwatch.GetTimestamp(), Heartbeat.Now);
        var answered = await CallAsync(text, began, cancel.Token);
        var wait = Heartbeat.Now - beganByHeart;
        tally.AddWait(wait);
        if (wait > limit + s_allowance)
        {
            tally.Find($"{Name(text)} took {wait.TotalSeconds:0.000} s where {limit.TotalSeconds:0.000} s were allowed");
        }

        return answered;
    }

    private async Task<bool> CallAsync(string text, long began, CancellationToken cancellationToken)
    {
        try
        {
            var echo = await redis.EchoAsync(text, cancellationToken);
            if (echo != text)
            {
                tally.Find($"{Name(text)} got the answer of {Name(echo)}");
            }

            tally.AddAnswer();
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            tally.AddBroken();
        }
        catch (ConnectionException e)
        {
            // An acquire that failed has had no connection.
            if (e.Operation == "acquire")
            {
                tally.AddUnserved();
            }
            else
            {
                tally.AddBroken();
            }

            if (e is DeadlineExceededException or PoolExhaustedException && Stopwatch.GetElapsedTime(began) < timeout)
            {
                tally.Find($"{Name(text)} was given up after {Stopwatch.GetElapsedTime(began)}, too early: {e.Message}");
            }
        }
        catch (Exception e)
        {
            tally.AddBroken();
            tally.Find($"{Name(text)} ended in {e}");
        }

        return false;
    }

    // Rare enough that most connections live on, and late answers, which hold one for a second, are rarest.
    private Fate DrawFate() => _random.Next(10_000) switch
    {
        < 1 => Fate.Late,
        < 20 => Fate.Reset,
        < 40 => Fate.Half,
        < 60 => Fate.Close,
        < 300 => Fate.Split,
        _ => Fate.Plain,
    };

    private static string Name(string text) => text.Length > 40 ? text[..40] : text;

    // The same in every process, which System.HashCode is not.
    private static int HashCode(int seed, int number) => unchecked((seed * 397) ^ (number * 7919));
}
