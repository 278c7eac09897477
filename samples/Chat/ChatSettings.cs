using System.Net;
using StackExchange.Redis;

namespace NetKit.Samples;

/// <summary>What the command line asks of the server. Every number is an option.</summary>
internal sealed record ChatSettings
{
    public const string Usage = """
        Usage: Chat [options]

          --listen ADDRESS:PORT   where to serve, or unix:/path; default 127.0.0.1:5090; port 0: any
          --origin URL            a page's origin that may connect beside the server's own; may be given several times; * for all
          --backplane URL         redis://host:port joins the rooms of several instances; default: this process alone
          --max-clients N         WebSockets at a time; default 20000
          --max-rooms N           rooms at a time; default 1000
          --max-message N         bytes of a message; more closes with 1009; default 512
          --read-timeout T        how long a client may be silent, pongs included; default 10s
          --write-timeout T       how long a client may take for one message; default 10s
          --session T             how long a session lasts; default 5m; none: for ever
          --notice T              how long before that the client is told; default 30s
          --queue N               messages that may wait for a slow client before it is dropped; default 256
          --message-rate N        messages a second that a client may send, with bursts of twice as many; default 20
          --send-buffer N         bytes that the system may hold for a slow client; default 65536
          --list-connections      serve a list of open connections at /connections: for whoever looks for a leak
          --drain T               how long clients get to say goodbye at SIGTERM; default 5s

        Durations: 500ms, 30s, 5m, 1h.
        """;

    private const string Origin = "an origin such as https://chat.example, or *";

    public required EndPoint Listen { get; init; }

    public required IReadOnlyList<string> Origins { get; init; }

    public required ConfigurationOptions? Backplane { get; init; }

    public required int MaxClients { get; init; }

    public required int MaxRooms { get; init; }

    public required int MaxMessage { get; init; }

    public required TimeSpan ReadTimeout { get; init; }

    public required TimeSpan WriteTimeout { get; init; }

    public required TimeSpan Session { get; init; }

    public required TimeSpan Notice { get; init; }

    public required int Queue { get; init; }

    public required int MessageRate { get; init; }

    public required int SendBuffer { get; init; }

    public required bool ListsConnections { get; init; }

    public required TimeSpan Drain { get; init; }

    public static ChatSettings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var settings = new ChatSettings
        {
            Listen = EndPointText.ParseListener("--listen", line.TakeText("--listen", "an address and a port") ?? "127.0.0.1:5090"),
            Origins = [.. (line.TakeTexts("--origin", Origin) ?? []).Select(ParseOrigin)],
            Backplane = line.TakeText("--backplane", "redis://host:port") is { } text ? RedisBackplane.Parse("--backplane", text) : null,
            MaxClients = line.TakeNumber("--max-clients", 1, 1_000_000) ?? 20_000,
            MaxRooms = line.TakeNumber("--max-rooms", 1, 1_000_000) ?? 1_000,
            MaxMessage = line.TakeNumber("--max-message", 1, 65_536) ?? 512,
            ReadTimeout = line.TakeDuration("--read-timeout") ?? TimeSpan.FromSeconds(10),
            WriteTimeout = line.TakeDuration("--write-timeout") ?? TimeSpan.FromSeconds(10),
            Session = line.TakeDuration("--session", noneAllowed: true) ?? TimeSpan.FromMinutes(5),
            Notice = line.TakeDuration("--notice") ?? TimeSpan.FromSeconds(30),
            Queue = line.TakeNumber("--queue", 1, 1_000_000) ?? 256,
            MessageRate = line.TakeNumber("--message-rate", 1, 1_000_000) ?? 20,
            SendBuffer = line.TakeNumber("--send-buffer", 4_096, 16_777_216) ?? 65_536,
            ListsConnections = line.TakeFlag("--list-connections"),
            Drain = line.TakeDuration("--drain") ?? TimeSpan.FromSeconds(5),
        };
        line.Finish();
        return settings.Session != Timeout.InfiniteTimeSpan && settings.Notice >= settings.Session
            ? throw new UsageException($"--notice is {CommandLine.Format(settings.Notice)}, but must be shorter than --session, {CommandLine.Format(settings.Session)}.")
            : settings;
    }

    // As browsers write it: without a path, and without the port that goes without saying.
    private static string ParseOrigin(string text) => text == "*" ? text
        : Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Host.Length: > 0, PathAndQuery: "" or "/", Fragment: "" } ? uri.GetLeftPart(UriPartial.Authority)
        : throw UsageException.For("--origin", text, Origin);
}
