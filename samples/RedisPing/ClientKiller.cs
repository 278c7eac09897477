using System.Net;

namespace NetKit.Samples;

/// <summary>Cuts connections to a real server by CLIENT KILL, on a connection of its own; only those with the given name.</summary>
internal sealed class ClientKiller(IDialer dialer, EndPoint server, string name, TimeSpan timeout) : IConnectionCutter
{
    public async ValueTask<bool> CutOneAsync(CancellationToken cancellationToken)
    {
        await using var admin = await dialer.DialAsync(server, cancellationToken);
        var deadline = Deadline.After(timeout);
        if (await RedisExchange.RunAsync(admin, deadline, cancellationToken, "CLIENT", "LIST") is not RespValue.Bulk list)
        {
            return false;
        }

        // Each line is of the form "id=3 addr=127.0.0.1:55000 ... name=x ...".
        var victims = list.Text.Split('\n').Select(line => line.Split(' ')).Where(words => words.Contains($"name={name}")).ToArray();
        if (victims.Length == 0)
        {
            return false;
        }

        var id = victims[Random.Shared.Next(victims.Length)][0]["id=".Length..];
        return await RedisExchange.RunAsync(admin, deadline, cancellationToken, "CLIENT", "KILL", "ID", id) is RespValue.Integer { Number: 1 };
    }
}
