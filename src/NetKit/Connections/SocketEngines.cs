using System.Runtime.InteropServices;

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

        if (choice == SocketEngine.Polling && !HasPoller)
        {
            throw new PlatformNotSupportedException(
                $"{nameof(SocketOptions)}.{nameof(SocketOptions.Engine)} is {choice}, and that engine is for Linux on x64 and arm64.");
        }

        return choice switch
        {
            SocketEngine.Polling => true,
            SocketEngine.Portable => false,
            _ => HasPoller,
        };
    }

    // The numbers of errors and system calls are those of these two.
    private static bool HasPoller =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

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
