namespace NetKit.Samples;

/// <summary>Tells rooms how many are in them: at most once a second, so that thousands who join do not tell thousands each.</summary>
internal sealed class Presence(RoomDirectory rooms, IBackplane backplane, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan s_pace = TimeSpan.FromSeconds(1);
    private const int ElsewhereEvery = 5; // seconds, where nothing changed

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_pace, clock);
        try
        {
            for (var second = 0; await timer.WaitForNextTickAsync(stoppingToken); second++)
            {
                foreach (var room in rooms.All())
                {
                    Tell(room, isDueElsewhere: second % ElsewhereEvery == 0);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private void Tell(Room room, bool isDueElsewhere)
    {
        var count = room.Count;
        if (count != room.CountTold)
        {
            room.CountTold = count;
            room.Hear(Wire.Count(count));
            isDueElsewhere = true;
        }

        if (isDueElsewhere)
        {
            backplane.PublishCount(room.Name, room.CountHere);
        }
    }
}
