namespace NetKit.Tests.Stress;

/// <summary>The connections that may be cut: each is cut by whoever comes first, on any thread, at any instant.</summary>
internal sealed class Victims
{
    private const int Places = 256;

    private static readonly TimeSpan s_closeTime = TimeSpan.FromSeconds(30);

    private readonly Connection?[] _places = new Connection?[Places];

    /// <summary>Puts a connection up; one that stood in its place may be lucky.</summary>
    public void Add(Connection connection) => Volatile.Write(ref _places[Random.Shared.Next(Places)], connection);

    /// <summary>Cuts one, if there is one in the place that chance picks.</summary>
    public void CutOne(Random random)
    {
        if (Interlocked.Exchange(ref _places[random.Next(Places)], null) is { } victim)
        {
            Cut(victim, random);
        }
    }

    private static void Cut(Connection victim, Random random)
    {
        switch (random.Next(10))
        {
            case < 5:
                victim.Abort();
                break;
            case < 8:
                if (!victim.DisposeAsync().AsTask().Wait(s_closeTime))
                {
                    Findings.Report($"{victim} does not close.");
                }

                break;
            case < 9:
                victim.Dispose();
                break;
            default:
                _ = CompleteAsync(victim);
                break;
        }
    }

    private static async Task CompleteAsync(Connection victim)
    {
        try
        {
            await victim.CompleteWritesAsync().ConfigureAwait(false);
        }
        catch (ConnectionException)
        {
            // Closed by somebody else, or gone.
        }
    }
}
