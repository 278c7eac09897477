namespace NetKit.Samples;

/// <summary>Finds the backend for the next client, among those that may be dialed now.</summary>
internal sealed class BackendPicker(IReadOnlyList<Backend> backends, BackendPolicy policy)
{
    private readonly Lock _gate = new(); // guards _next, and counts and health from being looked at by two pickers at once
    private int _next;

    /// <summary>Takes a place at a backend that this client has not tried; null when there is none.</summary>
    public BackendTicket? TryPick(IReadOnlyCollection<Backend> tried)
    {
        lock (_gate)
        {
            var turns = Enumerable.Range(_next, backends.Count).Select(turn => turn % backends.Count);
            foreach (var turn in policy == BackendPolicy.LeastConnections ? turns.OrderBy(turn => backends[turn].Connections) : turns)
            {
                if (!tried.Contains(backends[turn]) && BackendTicket.TryTake(backends[turn]) is { } ticket)
                {
                    // After the one that was found, not after the one whose turn it was: else the neighbour of a
                    // backend that is aside would get the share of both.
                    _next = (turn + 1) % backends.Count;
                    return ticket;
                }
            }

            return null;
        }
    }

    /// <summary>Counts the backends that are up and that this client has not tried.</summary>
    public int CountLeft(IReadOnlyCollection<Backend> tried) => backends.Count(backend => backend.Health.IsUp && !tried.Contains(backend));
}
