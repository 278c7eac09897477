using System.Globalization;
using System.Net;
using NetKit.Samples;

namespace NetKit.Tests.Chaos;

/// <summary>A server that chaos is brought upon: a process, and how its connections are cut.</summary>
internal sealed class Victim(IPEndPoint endPoint, ServerProcess process, Func<int, Random, Task> cut) : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public IPEndPoint EndPoint => endPoint;

    public ServerProcess Process => process;

    /// <summary>Whether it does to an answer what the request asks for.</summary>
    public bool ObeysRequests { get; private init; }

    /// <summary>Makes our own server, which does to each answer what the request asks for.</summary>
    /// <param name="port">Where it listens.</param>
    /// <param name="lateness">How late an answer is that should be late.</param>
    public static Victim Scripted(int port, TimeSpan lateness)
    {
        var process = new ServerProcess(
            Repository.ProgramOf("NetKit.Tests.Chaos.Server"),
            [Text(port), Text((int)lateness.TotalMilliseconds)],
            ready: "Ready to accept connections");
        return new Victim(new IPEndPoint(IPAddress.Loopback, port), process, (count, _) => process.TellAsync(Text(count))) { ObeysRequests = true };
    }

    /// <summary>Makes a real Redis, whose connections are cut by CLIENT KILL.</summary>
    public static Victim Redis(int port)
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, port);
        return new Victim(endPoint, RedisServer.At(endPoint), (count, random) => KillClientsAsync(endPoint, count, random));
    }

    /// <summary>Cuts so many of its connections, or all if there are fewer.</summary>
    public Task CutAsync(int count, Random random) => cut(count, random);

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static async Task KillClientsAsync(IPEndPoint endPoint, int count, Random random)
    {
        await using var admin = await new Dialer().DialAsync(endPoint);
        var deadline = Deadline.After(s_patience);
        var own = await RedisExchange.RunAsync(admin, deadline, CancellationToken.None, "CLIENT", "ID");
        var list = await RedisExchange.RunAsync(admin, deadline, CancellationToken.None, "CLIENT", "LIST");

        // Each line begins with "id=3 ".
        var clients = ((RespValue.Bulk)list).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ')[0]["id=".Length..])
            .Where(id => id != Text(((RespValue.Integer)own).Number))
            .ToArray();
        random.Shuffle(clients);
        foreach (var client in clients.Take(count))
        {
            await RedisExchange.RunAsync(admin, deadline, CancellationToken.None, "CLIENT", "KILL", "ID", client);
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
