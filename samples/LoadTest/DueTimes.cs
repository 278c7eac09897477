using System.Diagnostics;

namespace NetKit.Samples;

/// <summary>When a connection's messages are due: at an even pace that waits for no answer, each connection a little after the one before.</summary>
/// <remarks>Latency counts from these times. Were it to count from when a message was sent, a server that stalls would keep the very messages from being sent that show the stall.</remarks>
/// <param name="place">Of the connection among those that send, from 0.</param>
/// <param name="senders">How many send.</param>
/// <param name="rate">Messages a second of all of them; null: each is due at once.</param>
internal sealed class DueTimes(int place, int senders, double? rate)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Tells how many messages are due before a time.</summary>
    public long CountBefore(long end) => rate is { } perSecond
        ? Math.Max(0, (long)Math.Ceiling((((end - _start) / (double)Stopwatch.Frequency * perSecond) - place) / senders))
        : 0;

    /// <summary>Waits until a message is due, at most until the end; gives the time.</summary>
    public async ValueTask<long> WaitAsync(int message, long end, CancellationToken cancellationToken)
    {
        if (rate is not { } perSecond)
        {
            return Stopwatch.GetTimestamp();
        }

        var due = _start + (long)((((double)message * senders) + place) / perSecond * Stopwatch.Frequency);
        var until = Math.Min(due, end);
        while (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), until) is var wait && wait > TimeSpan.Zero)
        {
            // Timers count whole milliseconds, by a clock that may be behind: a delay can be over early, and an answer come before it was due.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), cancellationToken);
        }

        return due;
    }
}
