using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Connection} from {Peer} ended: {End}, {Echoed} bytes echoed")]
    public static partial void Ended(ILogger logger, string connection, EndPoint? peer, string end, long echoed);
}
