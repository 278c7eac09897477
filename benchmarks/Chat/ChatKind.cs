namespace NetKit.Benchmarks;

/// <summary>A chat server to compare: what it is called, and how it is started.</summary>
internal sealed record ChatKind(string Name, Func<string, string[]> Command)
{
    public static readonly ChatKind NetKit = new("NetKit (samples/Chat)", static port =>
        ["dotnet", PathOf("../samples/Chat/bin/Release/net10.0/Chat.dll"), "--listen", $"127.0.0.1:{port}", "--session", "none"]);

    public static readonly ChatKind[] All =
    [
        NetKit,
        new("Go (gorilla/websocket)", static port => [PathOf("Chat/bin/native/go-chat"), port]),
        new("Node (ws)", static port => ["node", PathOf("Chat/bin/node/server.js"), port]),
    ];

    public static string PathOf(string path) => Path.GetFullPath(Path.Combine(ResultTable.BenchmarksFolder, path));
}
