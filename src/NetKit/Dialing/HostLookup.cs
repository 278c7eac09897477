using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace NetKit;

/// <summary>Finds the addresses of host names: one question at a time for each host, whoever asks, and nothing is remembered.</summary>
/// <remarks>
/// Who asks while the question is under way gets its answer. Who gives up leaves it to the others; when all have given
/// up it is cancelled, and who asks then asks anew.
/// </remarks>
internal sealed class HostLookup
{
    private readonly Func<string, CancellationToken, ValueTask<IReadOnlyList<IPAddress>>> _resolve;
    private readonly Lock _gate = new(); // guards _flights, and how many wait for each
    private readonly Dictionary<string, Flight> _flights = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="resolve">What to ask. Null: the system.</param>
    public HostLookup(Func<string, CancellationToken, ValueTask<IReadOnlyList<IPAddress>>>? resolve) => _resolve = resolve ?? AskSystemAsync;

    /// <summary>Finds the addresses of a host.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. Nothing else is thrown.</exception>
    public async ValueTask<HostAnswer> ResolveAsync(string host, CancellationToken stop)
    {
        var flight = Join(host);
        try
        {
            return await flight.Answer.WaitAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            Leave(flight);
        }
    }

    private Flight Join(string host)
    {
        lock (_gate)
        {
            if (!_flights.TryGetValue(host, out var flight))
            {
                flight = new Flight(this, host);
                _flights.Add(host, flight);

                // Not as the caller's: whoever happens to ask first must not lend its ambient state to what all share.
                ThreadPool.UnsafeQueueUserWorkItem(flight, preferLocal: false);
            }

            flight.Waiting++;
            return flight;
        }
    }

    private void Leave(Flight flight)
    {
        lock (_gate)
        {
            flight.Waiting--;
            if (flight.Waiting > 0 || !Remove(flight))
            {
                return;
            }
        }

        flight.Abandon();
    }

    // Under the lock. Another one may have taken its place.
    private bool Remove(Flight flight) =>
        _flights.TryGetValue(flight.Host, out var current) && current == flight && _flights.Remove(flight.Host);

    private async Task<HostAnswer> AskAsync(Flight flight)
    {
        try
        {
            var addresses = await _resolve(flight.Host, flight.Abandoned).ConfigureAwait(false);
            return addresses is null || addresses.Contains(null!)
                ? throw new InvalidOperationException($"{nameof(DialerOptions)}.{nameof(DialerOptions.Resolve)} returned null.")
                : new HostAnswer([.. addresses]);
        }
        catch (Exception exception)
        {
            return new HostAnswer(exception);
        }
        finally
        {
            lock (_gate)
            {
                Remove(flight);
            }
        }
    }

    private static async ValueTask<IReadOnlyList<IPAddress>> AskSystemAsync(string host, CancellationToken cancellationToken) =>
        await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);

    [SuppressMessage("Design", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
    private sealed class Flight(HostLookup lookup, string host) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource<HostAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _abandon = new();

        public string Host => host;

        public int Waiting { get; set; }

        public Task<HostAnswer> Answer => _answer.Task;

        public CancellationToken Abandoned => _abandon.Token;

        // Off the thread of whoever gave up: the resolver's own callbacks may block or throw, and there is nobody left whom that concerns.
        public void Abandon() => _abandon.CancelAsync().Abandon();

        public void Execute() => _ = FlyAsync();

        private async Task FlyAsync() => _answer.SetResult(await lookup.AskAsync(this).ConfigureAwait(false));
    }
}
