using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Remembers one endpoint between dials: its circuit, and whether its name ever led anywhere.</summary>
internal sealed class EndPointRecord(EndPoint endPoint, Circuit? circuit, ILogger logger)
{
    private volatile bool _hasResolved;

    /// <summary>Whether the host's name led to an address at some time. Then its absence may be a hiccup of the resolver.</summary>
    public bool HasResolved => _hasResolved;

    /// <summary>Asks whether a dial may begin; one that may must report back, by its turn, exactly once.</summary>
    /// <returns>Why it may not; null when it may.</returns>
    public DialException? Enter(out long turn)
    {
        turn = 0;
        if (circuit is null)
        {
            return null;
        }

        var admission = circuit.Enter();
        turn = admission.Turn;
        Tell(admission.Change);
        if (admission.IsGranted)
        {
            return null;
        }

        NetKitMetrics.DialRejectedByCircuit();
        var next = admission.RetryAfter == TimeSpan.Zero
            ? "one dial probes it now"
            : string.Create(CultureInfo.InvariantCulture, $"the next dial may probe it in {admission.RetryAfter.TotalSeconds:0.000} s");

        // An exception of its own for everyone, around the one that is shared.
        return new DialException(
            ConnectionError.CircuitOpen,
            endPoint,
            [],
            admission.Cause,
            detail: $"{ErrorSentence.CauseOf(ConnectionError.CircuitOpen)}, {next}; the last failure: {admission.Cause?.Message}");
    }

    /// <summary>Reports a connection.</summary>
    public void Succeeded(long turn)
    {
        _hasResolved = true;
        Tell(circuit?.Succeeded(turn) ?? CircuitChange.None);
    }

    /// <summary>Reports a failure.</summary>
    public void Failed(long turn, DialFailure kind, ConnectionException failure)
    {
        if (kind.IsPastTheResolver())
        {
            _hasResolved = true;
        }

        if (kind.BlamesThePeer())
        {
            Tell(circuit?.Failed(turn, failure) ?? CircuitChange.None, failure);
        }
        else
        {
            LearntNothing(turn);
        }
    }

    /// <summary>Reports a dial that tells nothing about the endpoint.</summary>
    public void LearntNothing(long turn) => circuit?.LearntNothing(turn);

    /// <summary>Tells whether a dial that begins after a wait could be let through, as things stand.</summary>
    public bool MayAdmitAfter(TimeSpan wait) => circuit?.MayAdmitAfter(wait) ?? true;

    private void Tell(CircuitChange change, ConnectionException? cause = null)
    {
        switch (change)
        {
            case CircuitChange.Opened:
                NetKitMetrics.CircuitChanged("open");
                Log.CircuitOpened(logger, ErrorSentence.Format(endPoint), cause);
                break;
            case CircuitChange.HalfOpened:
                NetKitMetrics.CircuitChanged("half_open");
                Log.CircuitHalfOpened(logger, ErrorSentence.Format(endPoint));
                break;
            case CircuitChange.Closed:
                NetKitMetrics.CircuitChanged("closed");
                Log.CircuitClosed(logger, ErrorSentence.Format(endPoint));
                break;
        }
    }
}
