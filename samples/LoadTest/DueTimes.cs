using System.Diagnostics;

namespace NetKit.Samples;

/// <summary>When a connection's messages are due: at an even pace that waits for no answer, each connection a little after the one before.</summary>
/// <remarks>Latency counts from these times. Were it to count from when a message was sent, a server that stalls would keep the very messages from being sent that show the stall.</remarks>
internal sealed class DueTimes(int number, int senders, double? rate)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Waits until a message is due, at most until the end; gives the time.</summary>
    public async ValueTask<long> WaitAsync(int message, long end, CancellationToken cancellationToken)
    {
        if (rate is not { } perSecond)
        {
            return Stopwatch.GetTimestamp();
        }

        var due = _start + (long)((((double)message * senders) + number) / perSecond * Stopwatch.Frequency);
        var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), Math.Min(due, end));
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, cancellationToken);
        }

        return due;
    }
}
