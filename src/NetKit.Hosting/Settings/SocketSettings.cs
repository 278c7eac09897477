namespace NetKit;

/// <summary>Reads the options of sockets, of a listener or a dialer, from their section. What is not there stays as it is.</summary>
internal static class SocketSettings
{
    public static void ReadInto(SettingsReader settings, SocketOptions options)
    {
        options.NoDelay = settings.Flag(nameof(options.NoDelay)) ?? options.NoDelay;
        options.KeepAliveTime = settings.DurationOrNone(nameof(options.KeepAliveTime), options.KeepAliveTime);
        options.KeepAliveInterval = settings.Duration(nameof(options.KeepAliveInterval)) ?? options.KeepAliveInterval;
        options.KeepAliveRetryCount = settings.Integer(nameof(options.KeepAliveRetryCount)) ?? options.KeepAliveRetryCount;
        options.UserTimeout = settings.DurationOrNone(nameof(options.UserTimeout), options.UserTimeout);
        options.ReceiveBufferSize = settings.Integer(nameof(options.ReceiveBufferSize)) ?? options.ReceiveBufferSize;
        options.SendBufferSize = settings.Integer(nameof(options.SendBufferSize)) ?? options.SendBufferSize;
        options.Engine = settings.Choice<SocketEngine>(nameof(options.Engine)) ?? options.Engine;
    }
}
