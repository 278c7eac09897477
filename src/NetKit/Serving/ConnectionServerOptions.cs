namespace NetKit;

/// <summary>Sets the limits of a server.</summary>
/// <remarks>Plain values, read and checked when a server is made.</remarks>
public sealed class ConnectionServerOptions
{
    // What one timer can wait; longer makes no sense for a drain.
    private static readonly TimeSpan s_longestDrain = TimeSpan.FromDays(1);

    internal static ConnectionServerOptions Default { get; } = new();

    /// <summary>Limits how many connections are handled at once. Default (null): no limit. At least 1.</summary>
    public int? MaxConnections { get; set; }

    /// <summary>Sets what happens to clients beyond <see cref="MaxConnections"/>. Default: <see cref="ConnectionLimitMode.Wait"/>.</summary>
    public ConnectionLimitMode LimitMode { get; set; } = ConnectionLimitMode.Wait;

    /// <summary>Sets how long handlers have to end when the server stops; what is left then is reset. Default: 10 seconds. Zero: reset at once. At most a day.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Lets handlers begin, and go on after each read and write, in the thread pool. Default: false.</summary>
    /// <remarks>As <see cref="ListenerOptions.RunContinuationsAsynchronously"/>, which has the same effect and more.</remarks>
    public bool RunContinuationsAsynchronously { get; set; }

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal ConnectionServerOptions Validated()
    {
        OptionCheck.Require<ConnectionServerOptions>(MaxConnections is not < 1, nameof(MaxConnections), MaxConnections, "at least 1, or null for no limit");
        OptionCheck.Require<ConnectionServerOptions>(Enum.IsDefined(LimitMode), nameof(LimitMode), LimitMode, "Wait or Reject");
        OptionCheck.Require<ConnectionServerOptions>(DrainTimeout >= TimeSpan.Zero && DrainTimeout <= s_longestDrain, nameof(DrainTimeout), DrainTimeout, "from zero to a day");
        return (ConnectionServerOptions)MemberwiseClone();
    }
}
