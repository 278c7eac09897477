using System.Net;

namespace NetKit.Samples;

/// <summary>What the command line asks of the client. Without a server, it starts one itself.</summary>
internal sealed record Settings(DnsEndPoint? Server, bool Tls, TimeSpan Budget, int Retries, string Path)
{
    public const string Usage = """
        Usage: ResilientClient [host:port] [options]

          Dials the host, again and again if need be, and says how each attempt went; then asks it for a page by HTTP over the same
          dialer. Without a host, it dials a server that it starts itself, some time later, behind an address where nobody listens.

          --tls           run TLS over the connection, and HTTPS for the page
          --budget 10s    how long all attempts and the waits between them may take; default 10s
          --retries 20    how often to dial again, 0 to 1000; default 20
          --path /        which page; default /
        """;

    public static Settings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var settings = new Settings(
            Tls: line.TakeFlag("--tls"),
            Budget: line.TakeDuration("--budget") ?? TimeSpan.FromSeconds(10),
            Retries: line.TakeNumber("--retries", 0, 1_000) ?? 20,
            Path: line.TakeText("--path", "such as /index.html") ?? "/",
            Server: line.TakeWord() is { } word ? Host(word) : null);
        line.Finish();
        if (settings is { Tls: true, Server: null })
        {
            throw new UsageException("--tls needs a host: the server that is started here speaks plain HTTP.");
        }

        return settings.Path.StartsWith('/') ? settings : throw UsageException.For("--path", settings.Path, "a path that begins with /");
    }

    // A name or an address, either as a host: an HTTP request needs one.
    private static DnsEndPoint Host(string word) => (word.StartsWith("unix:", StringComparison.Ordinal) ? null : EndPointText.ParseServer(word)) switch
    {
        DnsEndPoint host => host,
        IPEndPoint address when !address.Address.Equals(IPAddress.IPv6Any) => new DnsEndPoint($"{address.Address}", address.Port),
        _ => throw UsageException.For("the server", word, "host:port, such as localhost:8080: a page needs a host"),
    };
}
