namespace NetKit;

/// <summary>Reads what is set once for a process: by <see cref="AppContext"/> (runtimeconfig.json), or else by the environment.</summary>
internal sealed class ProcessSetting
{
    private readonly string _name;
    private readonly string _variable;

    private ProcessSetting(string name, string variable)
    {
        _name = name;
        _variable = variable;
    }

    /// <summary>How many loops the poller has.</summary>
    public static ProcessSetting PollerLoops { get; } = new("NetKit.PollerLoops", "NETKIT_POLLER_LOOPS");

    /// <summary>Which engine sockets run on when their options leave it open.</summary>
    public static ProcessSetting Engine { get; } = new("NetKit.SocketEngine", "NETKIT_SOCKET_ENGINE");

    /// <summary>What it is set to; null when it is not.</summary>
    public string? Value => AppContext.GetData(_name)?.ToString() ?? (Environment.GetEnvironmentVariable(_variable) is { Length: > 0 } set ? set : null);

    /// <summary>Says that the value makes no sense.</summary>
    public Exception Invalid(string value, string allowed) =>
        new InvalidOperationException($"{_name} ({_variable}) is '{value}'; it must be {allowed}.");
}
