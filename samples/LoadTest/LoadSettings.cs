using System.Globalization;
using System.Net;

namespace NetKit.Samples;

/// <summary>What the command line asks for.</summary>
internal sealed record LoadSettings
{
    public const string Usage = """
        Usage: LoadTest URL [options]

          URL                 tcp://host:port, ws://host:port/path or wss://host:port/path
          --mode echo | broadcast | idle
                              echo: each message is waited for by who sent it; broadcast: by every connection (WebSockets);
                              idle: connections only; default echo
          --connections N     at once; default 10
          --ramp-up T         open them evenly over so long; default none: as fast as they open
          --warm-up T         load for so long before it is measured: all is counted, but no latency or rate; default none
          --duration T        measure for so long; default 10s
          --rate R            messages a second, all connections together, sent at their times however slow the answers are: latency
                              counts from when a message was due; default: the next message follows the answer (closed loop)
          --senders N         of --mode broadcast: how many connections send; default 1
          --never-read N      of --mode broadcast: how many of the connections never read; default 0
          --size N            bytes of a message; default 64
          --timeout T         for connecting, and for an answer; default 10s
          --insecure          of wss: take any certificate, also one that is not trusted, or of another name
          --sources N         spread connections over 127.0.0.1 to 127.0.0.N, for more than one address's ports allow; default 1
          --json FILE         write the result there
          --quiet             no line each second

        Exit code 1 when no connection could be opened, or a threshold is missed:
          --max-p50 T  --max-p99 T  --max-errors N  --max-lost N  --min-rate R

        Durations: 20ms, 30s, 5m, 1h; for --max-p50 and --max-p99 also 500us.
        """;

    public required Uri Target { get; init; }

    public required LoadMode Mode { get; init; }

    public required int Connections { get; init; }

    public required TimeSpan RampUp { get; init; }

    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Messages a second; null for a closed loop.</summary>
    public required double? Rate { get; init; }

    public required int Senders { get; init; }

    public required int NeverRead { get; init; }

    public required int Size { get; init; }

    public required TimeSpan Timeout { get; init; }

    public required bool IsInsecure { get; init; }

    public required int Sources { get; init; }

    public required string? Json { get; init; }

    public required bool IsQuiet { get; init; }

    public required Thresholds Thresholds { get; init; }

    public bool IsWebSocket => Target.Scheme is "ws" or "wss";

    public bool IsTls => Target.Scheme == "wss";

    public static LoadSettings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var mode = TakeMode(line);
        var settings = new LoadSettings
        {
            Mode = mode,
            Connections = line.TakeNumber("--connections", 1, 1_000_000) ?? 10,
            RampUp = TakeTime(line, "--ramp-up"),
            WarmUp = TakeTime(line, "--warm-up"),
            Duration = line.TakeDuration("--duration") ?? TimeSpan.FromSeconds(10),
            Rate = TakeOf("--rate", 1, 100_000_000, LoadMode.Echo, LoadMode.Broadcast),
            Senders = TakeOf("--senders", 1, 1_000_000, LoadMode.Broadcast) ?? 1,
            NeverRead = TakeOf("--never-read", 0, 1_000_000, LoadMode.Broadcast) ?? 0,
            Size = TakeOf("--size", Probe.LongestHead, 1_048_576, LoadMode.Echo, LoadMode.Broadcast) ?? 64,
            Timeout = line.TakeDuration("--timeout") ?? TimeSpan.FromSeconds(10),
            IsInsecure = line.TakeFlag("--insecure"),
            Sources = line.TakeNumber("--sources", 1, 254) ?? 1,
            Json = line.TakeText("--json", "the path of a file"),
            IsQuiet = line.TakeFlag("--quiet"),
            Thresholds = new Thresholds(
                MaxP50: line.TakeLatency("--max-p50"),
                MaxP99: line.TakeLatency("--max-p99"),
                MaxErrors: line.TakeNumber("--max-errors", 0, int.MaxValue),
                MaxLost: line.TakeNumber("--max-lost", 0, int.MaxValue),
                MinRate: line.TakeNumber("--min-rate", 0, int.MaxValue)),
            Target = ParseTarget(line.TakeWord() ?? throw new UsageException("no server is given; tcp://localhost:7007 names one.")),
        };
        line.Finish();
        return settings.Check();

        // What an option of another mode asks for would not be done.
        int? TakeOf(string option, int least, int most, params LoadMode[] modes) => line.TakeNumber(option, least, most) is not { } number ? null
            : modes.Contains(mode) ? number
            : throw new UsageException($"{option} belongs to --mode {string.Join(" or ", modes).ToLowerInvariant()}.");
    }

    private static LoadMode TakeMode(CommandLine line) => line.TakeText("--mode", "echo, broadcast or idle") switch
    {
        null or "echo" => LoadMode.Echo,
        "broadcast" => LoadMode.Broadcast,
        "idle" => LoadMode.Idle,
        var text => throw UsageException.For("--mode", text, "echo, broadcast or idle"),
    };

    private static TimeSpan TakeTime(CommandLine line, string name) =>
        line.TakeDuration(name, noneAllowed: true) is { } time && time != System.Threading.Timeout.InfiniteTimeSpan ? time : TimeSpan.Zero;

    private LoadSettings Check()
    {
        if (Mode == LoadMode.Broadcast && !IsWebSocket)
        {
            throw new UsageException("--mode broadcast needs a WebSocket: a URL with ws or wss.");
        }

        if (Mode == LoadMode.Broadcast && Rate is null)
        {
            throw new UsageException("--mode broadcast needs a --rate.");
        }

        if (Mode == LoadMode.Broadcast && Senders + NeverRead > Connections)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture, $"--senders {Senders} and --never-read {NeverRead} are more than the {Connections} --connections."));
        }

        if (IsInsecure && !IsTls)
        {
            throw new UsageException("--insecure belongs to a URL with wss: others have no certificate.");
        }

        return Sources > 1 && !IsLoopback
            ? throw new UsageException($"--sources spreads over 127.0.0.x, from which {Target.Host} cannot be reached.")
            : this;
    }

    private bool IsLoopback => Target.Host == "localhost" || (IPAddress.TryParse(Target.Host, out var address) && address.ToString().StartsWith("127.", StringComparison.Ordinal));

    private static Uri ParseTarget(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "ws" or "wss", Host.Length: > 0, Port: > 0, UserInfo: "", Fragment: "" }
            or { Scheme: "tcp", Host.Length: > 0, Port: > 0, UserInfo: "", Fragment: "", PathAndQuery: "" or "/" }
            ? uri
            : throw UsageException.For("the server", text, "tcp://host:port, ws://host:port/path or wss://host:port/path");
}
