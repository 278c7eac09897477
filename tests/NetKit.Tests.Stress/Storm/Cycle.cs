namespace NetKit.Tests.Stress;

/// <summary>One connection of the storm, from dial to end.</summary>
internal sealed record Cycle(long Number, Ending Ending, int Seed)
{
    public const int FloodSize = 100_000;

    // .NET's own sockets reset when the collector closes them.
    private static readonly bool s_isForgottenByReset = "portable".Equals(
        Environment.GetEnvironmentVariable("NETKIT_SOCKET_ENGINE"), StringComparison.OrdinalIgnoreCase);

    /// <summary>The flow from client to server.</summary>
    public long Question => Number * 2;

    /// <summary>The flow from server to client.</summary>
    public long Answer => (Number * 2) + 1;

    public override string ToString() => $"cycle {Number} ({Ending})";

    /// <summary>Reports a failure, unless it is how a cut connection may end.</summary>
    public void Complain(string side, Exception exception)
    {
        var isCut = Ending is Ending.Cut or Ending.AbortAtOnce || (Ending == Ending.Forgotten && s_isForgottenByReset);
        var isBrokenOff = exception is EndOfStreamException or ConnectionException { Error: ConnectionError.Closed or ConnectionError.Reset };
        if (!isCut || !isBrokenOff)
        {
            Findings.Report($"{this}, {side}: {exception}");
        }
    }
}
