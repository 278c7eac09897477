using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>Closes a descriptor while the ring receives on it, and watches whether the peer notices.</summary>
internal static unsafe class CloseInFlight
{
    public static string Try()
    {
        using var trial = new RingTrial();
        var buffer = stackalloc byte[1];
        trial.PrepareReceive(buffer, 1, 1);
        trial.Ring.Enter(0);
        trial.Server.Dispose();
        var noticed = trial.Client.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectRead);
        trial.PrepareCancel(1, 2);
        _ = trial.Ring.Take();
        _ = trial.Ring.Take();
        trial.Ring.Enter(0);
        var noticedLater = trial.Client.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectRead);
        return $"Half a second after close the peer had {(noticed ? "seen the end" : "seen nothing: the ring holds the socket open")}; "
            + $"after the receive had been cancelled and its completion taken it saw {(noticedLater ? "the end" : "nothing either")}.";
    }
}
