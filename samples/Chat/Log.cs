namespace NetKit.Samples;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "{Client} ({Name}) is in {Room}")]
    public static partial void Joined(ILogger logger, string client, string name, string room);

    [LoggerMessage(2, LogLevel.Debug, "{Client} ({Name}) left {Room}: {End}")]
    public static partial void Left(ILogger logger, string client, string name, string room, SessionEnd end);

    [LoggerMessage(3, LogLevel.Information, "{Client} ({Name}) was dropped from {Room}: {End}")]
    public static partial void Dropped(ILogger logger, string client, string name, string room, SessionEnd end);

    [LoggerMessage(4, LogLevel.Information, "{Client} was refused: {Why} ({Detail})")]
    public static partial void Refused(ILogger logger, string client, Refusal why, string detail);

    [LoggerMessage(5, LogLevel.Warning, "Redis is lost ({Why}): rooms go on here, and other instances do not hear of it")]
    public static partial void BackplaneLost(ILogger logger, string why);

    [LoggerMessage(6, LogLevel.Information, "Redis is back; {Lost} messages did not reach it so far")]
    public static partial void BackplaneIsBack(ILogger logger, long lost);

    [LoggerMessage(7, LogLevel.Warning, "{Missed} messages of instance {Instance} did not come")]
    public static partial void BackplaneMissed(ILogger logger, long missed, Guid instance);
}
