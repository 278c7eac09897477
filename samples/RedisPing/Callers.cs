using System.Globalization;

namespace NetKit.Samples;

/// <summary>Calls Redis from many places at once, each call with a number of its own that its answer must bring back.</summary>
internal sealed class Callers(RedisClient redis, string counter, Tally tally)
{
    private static readonly TimeSpan s_breath = TimeSpan.FromMilliseconds(20);

    /// <summary>Calls until the end; what is no bad luck of a connection ends it for all.</summary>
    public Task RunAsync(int count, CancellationTokenSource end) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(caller => Task.Run(() => RunOneAsync(caller, end))));

    private async Task RunOneAsync(int caller, CancellationTokenSource end)
    {
        try
        {
            await CallAsync(caller, end.Token);
        }
        catch
        {
            await end.CancelAsync();
            throw;
        }
    }

    private async Task CallAsync(int caller, CancellationToken stop)
    {
        for (var call = 0L; !stop.IsCancellationRequested; call++)
        {
            var increments = call % 2 == 0;
            try
            {
                if (increments)
                {
                    await redis.IncrementAsync(counter, CancellationToken.None);
                    tally.AddIncrement();
                }
                else
                {
                    var text = string.Create(CultureInfo.InvariantCulture, $"caller {caller}, call {call}");
                    tally.AddAnswer(await redis.EchoAsync(text, CancellationToken.None) == text);
                }
            }
            catch (ConnectionException e)
            {
                tally.AddFailure(e, increments);

                // While the server is away calls fail at once. Who asks again at once only heats the room.
                await Task.Delay(s_breath, CancellationToken.None);
            }
        }
    }
}
