using System.Net;

namespace NetKit.Samples;

/// <summary>What the command line asks of the program.</summary>
internal sealed record Settings(
    EndPoint? Server, TimeSpan Length, int Callers, int Connections, TimeSpan CutEvery, TimeSpan Timeout)
{
    public const string Usage = """
        Usage: RedisPing [host:port | unix:/path] [options]

          Calls Redis over a pool while connections are cut under it: a small server of its own, or the one it is told.

          --for 10s            how long; default 10s. Ctrl+C ends it sooner
          --callers 16         how many callers at once, 1 to 1000; default 16
          --connections 4      how many connections the pool may have, 1 to 1000; default 4
          --cut-every 200ms    how often a connection is cut, or none; default 200ms
          --timeout 1s         how long a call may take, the wait for a connection included; default 1s
        """;

    public static Settings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var settings = new Settings(
            Length: line.TakeDuration("--for") ?? TimeSpan.FromSeconds(10),
            Callers: line.TakeNumber("--callers", 1, 1_000) ?? 16,
            Connections: line.TakeNumber("--connections", 1, 1_000) ?? 4,
            CutEvery: line.TakeDuration("--cut-every", noneAllowed: true) ?? TimeSpan.FromMilliseconds(200),
            Timeout: line.TakeDuration("--timeout") ?? TimeSpan.FromSeconds(1),
            Server: line.TakeWord() is { } server ? EndPointText.ParseServer(server) : null);
        line.Finish();
        return settings;
    }
}
