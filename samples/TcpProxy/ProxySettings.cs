using System.Net;

namespace NetKit.Samples;

/// <summary>What the command line, and for what it does not say the settings file, asks of the proxy.</summary>
internal sealed record ProxySettings(
    IReadOnlyList<EndPoint> Listen,
    IReadOnlyList<EndPoint> Backends,
    BackendPolicy Policy,
    TimeSpan ConnectTimeout,
    TimeSpan? IdleTimeout,
    TimeSpan DrainTimeout,
    int? MaxConnections,
    bool SendsProxyHeader,
    EndPoint? Status,
    BackoffTime Backoff)
{
    public const string Usage = """
        Usage: TcpProxy --backend host:port [options]

          --backend host:port | unix:/path          a server to connect clients to; once for each
          --listen host:port | unix:/path           where clients come in; once for each; default *:7070, every address of this machine
          --policy round-robin | least-connections  which backend the next client gets; default round-robin
          --connect-timeout 5s                      how long a client waits for a backend, all that are tried together; default 5s
          --idle-timeout 10m | none                 reset connections on which nothing moves for so long; default 10m
          --drain-timeout 30s                       how long connections may go on after Ctrl+C or SIGTERM; default 30s
          --max-connections N                       serve at most N clients at a time, and let others wait; default: no limit
          --proxy-protocol v2 | none                tell the backends who the client is by a PROXY header; default none
          --metrics host:port | unix:/path | none   serve a page at / and Prometheus' /metrics there; default none
          --backoff 500ms                           how long a backend that cannot be reached is put aside at first; default 500ms
          --max-backoff 30s                         and at most, after many failures in a row; default 30s
          --config file                             a settings file; default appsettings.json here, if there is one

        A settings file has the same names: { "Listen": "localhost:7070", "Backend": ["10.0.0.1:80", "10.0.0.2:80"], "ConnectTimeout": "2s" }.
        What the command line says counts more.
        """;

    public static ProxySettings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var source = new SettingsSource(line, SettingsFile.Find(line.TakeText("--config", "the path of a file")));
        var settings = new ProxySettings(
            Listen: source.Take(static from => Listeners(from.TakeTexts("--listen", EndPointText.Expected))) ?? [EndPointText.EveryAddress(7070)],
            Backends: source.Take(static from => Servers(from.TakeTexts("--backend", EndPointText.Expected)))
                ?? throw new UsageException("no backend is given; --backend host:port names one."),
            Policy: source.Take(static from => Choice(from, "--policy", ("round-robin", BackendPolicy.RoundRobin), ("least-connections", BackendPolicy.LeastConnections)))
                ?? BackendPolicy.RoundRobin,
            ConnectTimeout: source.Take(static from => from.TakeDuration("--connect-timeout")) ?? TimeSpan.FromSeconds(5),
            IdleTimeout: NoneAsNull(source.Take(static from => from.TakeDuration("--idle-timeout", noneAllowed: true)) ?? TimeSpan.FromMinutes(10)),
            DrainTimeout: source.Take(static from => from.TakeDuration("--drain-timeout")) ?? TimeSpan.FromSeconds(30),
            MaxConnections: source.Take(static from => from.TakeNumber("--max-connections", 1, 1_000_000)),
            SendsProxyHeader: source.Take(static from => Choice(from, "--proxy-protocol", ("none", false), ("v2", true))) ?? false,
            Status: source.Take(static from => from.TakeText("--metrics", EndPointText.Expected)) is { } text && text != "none"
                ? EndPointText.ParseListener("--metrics", text)
                : null,
            Backoff: new BackoffTime(
                source.Take(static from => from.TakeDuration("--backoff")) ?? TimeSpan.FromMilliseconds(500),
                source.Take(static from => from.TakeDuration("--max-backoff")) ?? TimeSpan.FromSeconds(30)));
        source.Finish();
        settings.ThrowIfContradictory();
        return settings;
    }

    private static TimeSpan? NoneAsNull(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? null : time;

    private static EndPoint[]? Listeners(IReadOnlyList<string>? texts) => texts?.Select(static text => EndPointText.ParseListener("--listen", text)).ToArray();

    private static EndPoint[]? Servers(IReadOnlyList<string>? texts) => texts?.Select(static text => EndPointText.ParseServer(text, "--backend")).ToArray();

    /// <summary>Complains about settings of which each makes sense, but not with another.</summary>
    private void ThrowIfContradictory()
    {
        ThrowIfTwice("--backend names", Backends);
        ThrowIfTwice("--listen, or --metrics, names", Listen.Concat(Status is null ? [] : [Status]).Where(static endPoint => endPoint is not IPEndPoint { Port: 0 }));
        if (Backends.FirstOrDefault(backend => Listen.Any(listener => IsTheSame(backend, listener))) is { } itself)
        {
            throw new UsageException($"--backend is \"{EndPointText.Format(itself)}\", where the proxy itself listens (--listen): its clients would go round for ever.");
        }

        if (Backoff.First > Backoff.Most)
        {
            throw new UsageException($"--backoff is {Backoff.First.TotalSeconds:0.###}s, but must be at most what --max-backoff is, {Backoff.Most.TotalSeconds:0.###}s.");
        }
    }

    private static void ThrowIfTwice(string what, IEnumerable<EndPoint> endPoints)
    {
        if (endPoints.GroupBy(static endPoint => endPoint).FirstOrDefault(static same => same.Count() > 1) is { Key: var twice })
        {
            throw new UsageException($"{what} \"{EndPointText.Format(twice)}\" twice.");
        }
    }

    /// <summary>Tells whether a dial of the one surely arrives at the other.</summary>
    private static bool IsTheSame(EndPoint backend, EndPoint listener) => (backend, listener) switch
    {
        (DnsEndPoint { Host: "localhost", Port: var port }, _) => IsTheSame(new IPEndPoint(IPAddress.Loopback, port), listener),
        (IPEndPoint server, IPEndPoint every) when EndPointText.IsEveryAddress(every) => IPAddress.IsLoopback(server.Address) && server.Port == every.Port,
        _ => backend.Equals(listener),
    };

    private static T? Choice<T>(CommandLine from, string option, params ReadOnlySpan<(string Word, T Meaning)> choices)
        where T : struct
    {
        var expected = $"{choices[0].Word} or {choices[1].Word}";
        if (from.TakeText(option, expected) is not { } text)
        {
            return null;
        }

        foreach (var (word, meaning) in choices)
        {
            if (word == text)
            {
                return meaning;
            }
        }

        throw UsageException.For(option, text, expected);
    }
}
