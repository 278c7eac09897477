using System.Collections.Concurrent;

namespace NetKit.Samples;

/// <summary>Lets each session look at the time, every second or more often. One timer for all of them.</summary>
/// <remarks>With a timer each, those that are late fall into step, and thousands of pings at once delay what is said.</remarks>
internal sealed class Heartbeat(ChatSettings settings, TimeProvider clock) : BackgroundService
{
    private const int LooksInTimeout = 10; // of each session: so a timeout is late by at most a tenth, or by what the quickest pace leaves
    private const int Groups = 10; // which take turns, so that the work is spread

    private static readonly TimeSpan s_quickest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_slowest = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<ChatSession, bool>[] _groups = [.. Enumerable.Range(0, Groups).Select(static _ => new ConcurrentDictionary<ChatSession, bool>())];
    private int _added;

    /// <summary>Adds a session; disposing the answer removes it.</summary>
    public Membership Add(ChatSession session)
    {
        var group = _groups[(uint)Interlocked.Increment(ref _added) % Groups];
        group[session] = true;
        return new Membership(group, session);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var shortest = new[] { settings.ReadTimeout, settings.WriteTimeout, settings.Notice }.Min();
        var pace = shortest / LooksInTimeout / Groups;
        using var timer = new PeriodicTimer(pace < s_quickest ? s_quickest : pace > s_slowest ? s_slowest : pace, clock);
        try
        {
            for (var turn = 0; await timer.WaitForNextTickAsync(stoppingToken); turn = (turn + 1) % Groups)
            {
                foreach (var (session, _) in _groups[turn])
                {
                    session.Beat();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    internal readonly struct Membership(ConcurrentDictionary<ChatSession, bool> group, ChatSession session) : IDisposable
    {
        public void Dispose() => group.TryRemove(session, out _);
    }
}
