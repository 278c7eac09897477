using System.Net.Sockets;

namespace NetKit.Tests.Stress;

/// <summary>The client's side of a cycle. Each of its steps must be over soon.</summary>
internal sealed class CycleClient(Cycle cycle, Victims victims) : Speaker
{
    private const int MostRounds = 40;

    private readonly Random _random = new(cycle.Seed);

    public override string ToString() => $"{cycle}, the client";

    /// <summary>Dials, exchanges, and ends as the cycle is to end.</summary>
    public async Task RunAsync(Func<Cycle, Random, Task<Socket?>> dial)
    {
        try
        {
            Step("dial");
            if (await dial(cycle, _random).ConfigureAwait(false) is { } socket)
            {
                await UseAsync(Connection.FromSocket(socket)).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            cycle.Complain("the client", exception);
        }

        Step(null);
    }

    private async Task UseAsync(Connection client)
    {
        switch (cycle.Ending)
        {
            case Ending.AbortAtOnce:
                client.Abort();
                break;
            case Ending.Forgotten:
                await AskAsync(client, rounds: 1).ConfigureAwait(false);
                break;
            case Ending.Cut:
                await BeCutAsync(client).ConfigureAwait(false);
                break;
            default:
                await EndInPeaceAsync(client).ConfigureAwait(false);
                break;
        }
    }

    private async Task BeCutAsync(Connection client)
    {
        victims.Add(client);
        try
        {
            await AskAsync(client, rounds: MostRounds).ConfigureAwait(false);
        }
        finally
        {
            await CloseAsync(client).ConfigureAwait(false);
        }
    }

    private async Task EndInPeaceAsync(Connection client)
    {
        switch (cycle.Ending)
        {
            case Ending.Clean:
                await AskAsync(client, rounds: 1 + _random.Next(4)).ConfigureAwait(false);
                await CompleteAsync(client).ConfigureAwait(false);
                await ExpectEndAsync(client).ConfigureAwait(false);
                break;
            case Ending.HalfClose:
                await SendAsync(client, cycle.Question, 0, Length()).ConfigureAwait(false);
                await CompleteAsync(client).ConfigureAwait(false);
                await ReceivePatternAsync(client, cycle.Answer, 0, Cycle.FloodSize).ConfigureAwait(false);
                await ExpectEndAsync(client).ConfigureAwait(false);
                break;
            case Ending.ServerCloses:
                await SendAsync(client, cycle.Question, 0, Length()).ConfigureAwait(false);
                await ExpectEndAsync(client).ConfigureAwait(false);
                break;
            case Ending.ClientCloses:
                var reading = ExpectClosedAsync(client);
                await CloseAsync(client).ConfigureAwait(false);
                Step("hear that the connection was closed");
                await reading.ConfigureAwait(false);
                break;
        }

        await CloseAsync(client).ConfigureAwait(false);
    }

    private async Task AskAsync(Connection client, int rounds)
    {
        var position = 0L;
        for (var round = 0; round < rounds; round++)
        {
            var next = await SendAsync(client, cycle.Question, position, Length()).ConfigureAwait(false);
            if (await ReceiveAsync(client, cycle.Answer, position).ConfigureAwait(false) != next)
            {
                throw new InvalidDataException("The answer is not as long as the question.");
            }

            position = next;
        }
    }

    private int Length() => _random.Next(1 + _random.Next(LongestMessage));

    private async Task CompleteAsync(Connection client)
    {
        Step("half-close");
        await client.CompleteWritesAsync().ConfigureAwait(false);
    }

    private async Task CloseAsync(Connection client)
    {
        Step("close");
        await client.DisposeAsync().ConfigureAwait(false);
    }
}
