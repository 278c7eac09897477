namespace NetKit.Benchmarks;

/// <summary>One peer: a program that, told <c>echo|sink|idle BUFFER_BYTES</c>, prints its port and serves until its standard input closes.</summary>
/// <param name="Key">Its name on the command line.</param>
/// <param name="Name">Its name in the tables.</param>
/// <param name="Command">The program, below this folder, and the arguments that go first.</param>
internal sealed record ServerKind(string Key, string Name, params string[] Command)
{
    private const string DotNet = "Servers/bin/Release/net10.0/Servers";

    public static readonly ServerKind Epoll = new("c", "C epoll loop", "bin/native/epoll");
    public static readonly ServerKind Go = new("go", "Go net", "bin/native/go-net");
    public static readonly ServerKind GoDeadlines = new("go-deadlines", "Go net, deadlines moved", "bin/native/go-net", "-deadlines");
    public static readonly ServerKind Sockets = new("sockets", ".NET sockets", DotNet, "sockets");
    public static readonly ServerKind InlineSockets = new("sockets-inline", ".NET sockets, inline completions", DotNet, "sockets-inline");
    public static readonly ServerKind Kestrel = new("kestrel", "Kestrel's transport", DotNet, "kestrel");
    public static readonly ServerKind NetKit = new("netkit", "NetKit", DotNet, "netkit");
    public static readonly ServerKind NetKitDeadlines = new("netkit-deadlines", "NetKit, deadlines moved", DotNet, "netkit-deadlines");

    /// <summary>Who takes part where a scenario names nobody. To add a peer, add it here.</summary>
    public static readonly ServerKind[] Default = [Epoll, Go, Sockets, Kestrel, NetKit];

    public static readonly ServerKind[] All = [.. Default, InlineSockets, GoDeadlines, NetKitDeadlines];
}
