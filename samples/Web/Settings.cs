namespace NetKit.Samples;

/// <summary>What the command line asks of the server.</summary>
internal sealed record Settings(bool OnNetKit, int Port)
{
    public const string Usage = """
        Usage: Web [options]

          --transport netkit | kestrel   what carries the connections; default netkit
          --port N                       HTTP/1.1 at port N, TLS at N+1, HTTP/2 without TLS at N+2; default 5080; 0: any three
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
            Port: line.TakeNumber("--port", 0, 65_533) ?? 5080);
        line.Finish();
        return settings;
    }
}
