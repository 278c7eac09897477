namespace NetKit.Samples;

/// <summary>What the command line asks of the server.</summary>
internal sealed record Settings(bool OnNetKit, int Port, string? Certificate, string? Key)
{
    public const string Usage = """
        Usage: Web [options]

          --transport netkit | kestrel   what carries the connections; default netkit
          --port N                       HTTP/1.1 at port N, TLS at N+1, HTTP/2 without TLS at N+2; default 5080; 0: any three
          --tls cert.pem                 the certificate, replaced on disk: served within a second; default: one made at start
          --tls-key key.pem              the certificate's private key; default: in the same file
        """;

    public static Settings Parse(string[] args)
    {
        var line = new CommandLine(args);
        var settings = new Settings(
            OnNetKit: line.TakeText("--transport", "netkit or kestrel") switch
            {
                null or "netkit" => true,
                "kestrel" => false,
                var text => throw UsageException.For("--transport", text, "netkit or kestrel"),
            },
            Port: line.TakeNumber("--port", 0, 65_533) ?? 5080,
            Certificate: line.TakeText("--tls", "the file of a certificate"),
            Key: line.TakeText("--tls-key", "the file of a private key"));
        if (settings is { Key: not null, Certificate: null })
        {
            throw new UsageException("--tls-key goes with --tls.");
        }

        line.Finish();
        return settings;
    }
}
