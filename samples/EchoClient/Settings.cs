using System.Net;

namespace NetKit.Samples;

/// <summary>What the command line asks of the client.</summary>
internal sealed record Settings(EndPoint Server, TimeSpan Timeout, bool Bench, int Seconds, int Connections, int Size)
{
    public const string Usage = """
        Usage: EchoClient [host:port | unix:/path] [options]

          Sends each line of its input and prints the echo; the server is localhost:7007 unless said otherwise.

          --timeout 5s      how long connecting, and each round trip, may take; default 5s
          --bench           measure round trips instead; Ctrl+C ends it, with what was measured
          --seconds 5       ... for so long, 1 to 3600
          --connections 1   ... on so many connections at once, 1 to 10000
          --size 64         ... of so many bytes each, 1 to 65536
        """;

    public static Settings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var bench = line.TakeFlag("--bench");
        var settings = new Settings(
            Timeout: line.TakeDuration("--timeout") ?? TimeSpan.FromSeconds(5),
            Bench: bench,
            Seconds: OfBench("--seconds", 3_600) ?? 5,
            Connections: OfBench("--connections", 10_000) ?? 1,
            // A larger message could fill both ways at once: the client writes before it reads.
            Size: OfBench("--size", 65_536) ?? 64,
            Server: EndPointText.ParseServer(line.TakeWord() ?? "localhost:7007"));
        line.Finish();
        return settings;

        int? OfBench(string option, int most) => line.TakeNumber(option, 1, most) is not { } number ? null
            : bench ? number
            : throw new UsageException($"{option} belongs to --bench.");
    }
}
