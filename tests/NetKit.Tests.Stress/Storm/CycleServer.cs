namespace NetKit.Tests.Stress;

/// <summary>The server's side of a cycle. It waits for its client, so nobody watches it.</summary>
internal sealed class CycleServer(Cycle cycle, Victims victims) : Speaker
{
    public override string ToString() => $"{cycle}, the server";

    /// <summary>Serves until there is nothing more to say.</summary>
    public async Task RunAsync(Connection connection)
    {
        try
        {
            switch (cycle.Ending)
            {
                case Ending.HalfClose:
                    await ReceiveAsync(connection, cycle.Question, 0).ConfigureAwait(false);
                    await ExpectEndAsync(connection).ConfigureAwait(false);
                    await connection.WriteAsync(Pattern.Of(cycle.Answer, 0, Cycle.FloodSize)).ConfigureAwait(false);
                    break;
                case Ending.ServerCloses:
                    await ReceiveAsync(connection, cycle.Question, 0).ConfigureAwait(false);
                    _ = ExpectClosedAsync(connection);
                    break;
                case Ending.Cut:
                    victims.Add(connection);
                    await EchoAsync(connection).ConfigureAwait(false);
                    break;
                default:
                    await EchoAsync(connection).ConfigureAwait(false);
                    break;
            }
        }
        catch (Exception exception)
        {
            cycle.Complain("the server", exception);
        }
    }

    private async Task EchoAsync(Connection connection)
    {
        var position = 0L;
        while (true)
        {
            var next = await TryReceiveAsync(connection, cycle.Question, position).ConfigureAwait(false);
            if (next < 0)
            {
                return;
            }

            position = await SendAsync(connection, cycle.Answer, position, (int)(next - position)).ConfigureAwait(false);
        }
    }
}
