namespace NetKit;

/// <summary>Sets how fast bytes must come, on average, from a client that sends.</summary>
/// <remarks>Immutable. See <see cref="ConnectionServerOptions.MinReceiveRate"/> for what is measured.</remarks>
public sealed class MinDataRate
{
    // Shorter ones would be judged by one or two looks.
    private static readonly TimeSpan s_shortestGrace = TimeSpan.FromMilliseconds(100);

    /// <summary>Makes a rate.</summary>
    /// <param name="bytesPerSecond">Bytes per second, on average. Greater than 0.</param>
    /// <param name="gracePeriod">How long a client may send nothing, or too little, before it is too slow. At least 100 ms, at most a day.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range; the message names it.</exception>
    public MinDataRate(double bytesPerSecond, TimeSpan gracePeriod)
    {
        OptionCheck.Require<MinDataRate>(
            bytesPerSecond > 0 && double.IsFinite(bytesPerSecond), nameof(bytesPerSecond), bytesPerSecond, "a number greater than 0");
        OptionCheck.Require<MinDataRate>(
            gracePeriod >= s_shortestGrace && gracePeriod <= TimeSpan.FromDays(1), nameof(gracePeriod), gracePeriod, "from 100 ms to a day");
        BytesPerSecond = bytesPerSecond;
        GracePeriod = gracePeriod;
    }

    /// <summary>Gives the rate, in bytes per second.</summary>
    public double BytesPerSecond { get; }

    /// <summary>Gives how long a client may send nothing, or too little, before it is too slow.</summary>
    public TimeSpan GracePeriod { get; }
}
