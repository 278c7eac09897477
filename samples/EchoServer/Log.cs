using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Connection} ended: {End}, {Echoed} bytes echoed")]
    public static partial void Ended(ILogger logger, Connection connection, string end, long echoed);
}
