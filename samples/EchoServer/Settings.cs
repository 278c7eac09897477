using System.Net;

namespace NetKit.Samples;

/// <summary>What the command line asks of the server.</summary>
internal sealed record Settings(
    EndPoint Listen, TimeSpan IdleTimeout, int? MaxConnections, ConnectionLimitMode LimitMode, int? MaxPerAddress, TimeSpan DrainTimeout, string? Certificate, string? Key)
{
    public const string Usage = """
        Usage: EchoServer [options]

          --listen host:port | unix:/path   where to listen; default *:7007, every address of this machine
          --idle-timeout 5m | none          hang up on a peer that neither sends nor reads for so long; default 5m
          --max-connections N               serve at most N connections at a time; default: no limit
          --limit-mode wait | reject        leave connections above the limit waiting, or refuse them; default wait
          --max-per-address N               serve at most N connections of an IP address at a time; default: no limit
          --drain-timeout 10s               how long open connections may go on after Ctrl+C or SIGTERM; default 10s
          --tls cert.pem                    serve by TLS; the file may be replaced while the server runs
          --tls-key key.pem                 the certificate's private key; default: in the same file
        """;

    public static Settings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var settings = new Settings(
            Listen: line.TakeText("--listen", EndPointText.Expected) is { } text ? EndPointText.ParseListener("--listen", text) : EndPointText.EveryAddress(7007),
            IdleTimeout: line.TakeDuration("--idle-timeout", noneAllowed: true) ?? TimeSpan.FromMinutes(5),
            MaxConnections: line.TakeNumber("--max-connections", 1, 1_000_000),
            LimitMode: line.TakeText("--limit-mode", "wait or reject") switch
            {
                null or "wait" => ConnectionLimitMode.Wait,
                "reject" => ConnectionLimitMode.Reject,
                var mode => throw UsageException.For("--limit-mode", mode, "wait or reject"),
            },
            MaxPerAddress: line.TakeNumber("--max-per-address", 1, 1_000_000),
            DrainTimeout: line.TakeDuration("--drain-timeout") ?? TimeSpan.FromSeconds(10),
            Certificate: line.TakeText("--tls", "the file of a certificate"),
            Key: line.TakeText("--tls-key", "the file of a private key"));
        line.Finish();
        return settings;
    }
}
