using System.Net;

namespace NetKit;

/// <summary>Reads the options of a server from its section of the configuration. What is not there stays as it is.</summary>
internal static class ServerSettings
{
    public static void ReadInto(SettingsReader settings, HostedServerOptions options)
    {
        var one = settings.Object<EndPoint>("EndPoint", EndPointText.TryParse, EndPointText.Expected);
        var several = settings.List<EndPoint>(nameof(options.EndPoints), EndPointText.TryParse, EndPointText.Expected);
        if (one is not null && several is not null)
        {
            settings.Refuse($"EndPoint and {nameof(options.EndPoints)} are both set, perhaps by different files; expected one of them.");
        }

        options.EndPoints = several ?? (one is null ? options.EndPoints : [one]);
        options.CertificatePath = settings.Text(nameof(options.CertificatePath)) ?? options.CertificatePath;
        options.CertificateKeyPath = settings.Text(nameof(options.CertificateKeyPath)) ?? options.CertificateKeyPath;
        options.CertificatePassword = settings.Text(nameof(options.CertificatePassword)) ?? options.CertificatePassword;
        ReadInto(settings, options.Server);
        if (settings.Section(nameof(options.Listener)) is { } listener)
        {
            ReadInto(listener, options.Listener);
        }
    }

    private static void ReadInto(SettingsReader settings, ConnectionServerOptions options)
    {
        options.MaxConnections = settings.Integer(nameof(options.MaxConnections)) ?? options.MaxConnections;
        options.LimitMode = settings.Choice<ConnectionLimitMode>(nameof(options.LimitMode)) ?? options.LimitMode;
        options.DrainTimeout = settings.Duration(nameof(options.DrainTimeout)) ?? options.DrainTimeout;
        options.IdleTimeout = settings.DurationOrNone(nameof(options.IdleTimeout), options.IdleTimeout);
        options.MaxConnectionLifetime = settings.DurationOrNone(nameof(options.MaxConnectionLifetime), options.MaxConnectionLifetime);
        options.AcceptLoops = settings.Integer(nameof(options.AcceptLoops)) ?? options.AcceptLoops;
        options.HandshakeTimeout = settings.Duration(nameof(options.HandshakeTimeout)) ?? options.HandshakeTimeout;
        options.MaxConcurrentHandshakes = settings.Integer(nameof(options.MaxConcurrentHandshakes)) ?? options.MaxConcurrentHandshakes;
        options.RunContinuationsAsynchronously = settings.Flag(nameof(options.RunContinuationsAsynchronously)) ?? options.RunContinuationsAsynchronously;
        if (settings.Section(nameof(options.MinReceiveRate)) is { } rate)
        {
            options.MinReceiveRate = ReadRate(rate) ?? options.MinReceiveRate;
        }

        if (settings.Section(nameof(options.ProxyProtocol)) is { } proxies)
        {
            ReadInto(proxies, options.ProxyProtocol ??= new ProxyProtocolOptions());
        }
    }

    private static MinDataRate? ReadRate(SettingsReader settings)
    {
        var bytesPerSecond = settings.Number(nameof(MinDataRate.BytesPerSecond));
        var gracePeriod = settings.Duration(nameof(MinDataRate.GracePeriod));
        return settings.Make(() => new MinDataRate(
            bytesPerSecond ?? throw new ArgumentException($"{nameof(MinDataRate.BytesPerSecond)} must be set."),
            gracePeriod ?? throw new ArgumentException($"{nameof(MinDataRate.GracePeriod)} must be set.")));
    }

    private static void ReadInto(SettingsReader settings, ProxyProtocolOptions options)
    {
        options.TrustedNetworks = settings.List<IPNetwork>(nameof(options.TrustedNetworks), IPNetwork.TryParse, "a network such as 10.0.0.0/8") ?? options.TrustedNetworks;
        options.ServeUntrusted = settings.Flag(nameof(options.ServeUntrusted)) ?? options.ServeUntrusted;
        options.MaxHeaderLength = settings.Integer(nameof(options.MaxHeaderLength)) ?? options.MaxHeaderLength;
    }

    private static void ReadInto(SettingsReader settings, ListenerOptions options)
    {
        options.Backlog = settings.Integer(nameof(options.Backlog)) ?? options.Backlog;
        options.DualMode = settings.Flag(nameof(options.DualMode)) ?? options.DualMode;
        options.ReusePort = settings.Flag(nameof(options.ReusePort)) ?? options.ReusePort;
        options.RunContinuationsAsynchronously = settings.Flag(nameof(options.RunContinuationsAsynchronously)) ?? options.RunContinuationsAsynchronously;
        options.UnixSocketMode = settings.Value<UnixFileMode>(nameof(options.UnixSocketMode), TryParseMode, "a file mode in octal digits, such as 660") ?? options.UnixSocketMode;
        if (settings.Section(nameof(options.Socket)) is { } socket)
        {
            SocketSettings.ReadInto(socket, options.Socket);
        }
    }

    private static bool TryParseMode(string text, out UnixFileMode mode)
    {
        var isOctal = text.Length <= 4 && !text.AsSpan().ContainsAnyExceptInRange('0', '7');
        mode = isOctal ? (UnixFileMode)Convert.ToInt32(text, fromBase: 8) : default;
        return isOctal;
    }
}
