using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Backend} is put aside for {Milliseconds:0} ms: {Why}")]
    public static partial void BackendIsPutAside(ILogger logger, string backend, double milliseconds, string why);

    [LoggerMessage(2, LogLevel.Information, "{Backend} is back")]
    public static partial void BackendIsBack(ILogger logger, string backend);

    [LoggerMessage(3, LogLevel.Warning, "{Backend} cannot be dialed from here: {Why}")]
    public static partial void CannotDial(ILogger logger, string backend, string why);

    [LoggerMessage(4, LogLevel.Debug, "{Client} was reset: no backend answers")]
    public static partial void ClientRefused(ILogger logger, Connection client);

    [LoggerMessage(5, LogLevel.Debug, "{Client} and {Backend} ended: {End}")]
    public static partial void Ended(ILogger logger, Connection client, string backend, string end);
}
