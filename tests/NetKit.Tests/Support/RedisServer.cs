using System.Globalization;
using System.Net;

namespace NetKit.Tests;

/// <summary>A real Redis on loopback, where one is installed.</summary>
internal static class RedisServer
{
    private static readonly string? s_program = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, "redis-server"))
        .FirstOrDefault(File.Exists);

    /// <summary>Makes a server that is not started yet. It keeps nothing on disk. Skips the test where there is no Redis.</summary>
    public static ServerProcess At(IPEndPoint endPoint)
    {
        Assert.SkipWhen(s_program is null, "There is no redis-server in the PATH: apt-get install redis-server.");
        return new ServerProcess(
            s_program!,
            ["--port", endPoint.Port.ToString(CultureInfo.InvariantCulture), "--bind", $"{endPoint.Address}", "--save", "", "--appendonly", "no", "--dir", Path.GetTempPath()],
            ready: "Ready to accept connections");
    }
}
