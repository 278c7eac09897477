using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Connection} from {Peer} ended: {End}, {Echoed} bytes echoed")]
    public static partial void Ended(ILogger logger, string connection, EndPoint? peer, string end, long echoed);

    [LoggerMessage(2, LogLevel.Information, "Stopping: no new connections, {Active} open ones have {Seconds} s to finish")]
    public static partial void Stopping(ILogger logger, int active, double seconds);

    [LoggerMessage(3, LogLevel.Information, "Stopped: {Completed} connections ended by themselves, {Aborted} were aborted")]
    public static partial void Stopped(ILogger logger, int completed, int aborted);
}
