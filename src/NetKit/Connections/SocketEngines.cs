namespace NetKit;

/// <summary>Decides which engine a socket runs on.</summary>
internal static class SocketEngines
{
    /// <summary>Tells whether sockets with that choice run on the poller.</summary>
    /// <exception cref="PlatformNotSupportedException">The poller was chosen where there is no epoll.</exception>
    public static bool IsPolled(SocketEngine choice)
    {
        if (choice == SocketEngine.Automatic)
        {
            choice = Parse(ProcessSetting.Engine.Value);
        }

        if (choice == SocketEngine.Polling && !OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException($"{nameof(SocketOptions)}.{nameof(SocketOptions.Engine)} is {choice}, and only Linux has epoll.");
        }

        return choice switch
        {
            SocketEngine.Polling => true,
            SocketEngine.Portable => false,
            _ => OperatingSystem.IsLinux(),
        };
    }

    /// <summary>Reads the choice for the process.</summary>
    internal static SocketEngine Parse(string? value)
    {
        if (value is null)
        {
            return SocketEngine.Automatic;
        }

        return Enum.TryParse<SocketEngine>(value, ignoreCase: true, out var engine) && Enum.IsDefined(engine)
            ? engine
            : throw ProcessSetting.Engine.Invalid(value, string.Join(", ", Enum.GetNames<SocketEngine>()));
    }
}
