using System.Net;

namespace NetKit;

/// <summary>Reads the options of a pool from its section of the configuration. What is not there stays as it is.</summary>
internal static class PoolSettings
{
    public static void ReadInto(SettingsReader settings, HostedPoolOptions options)
    {
        options.EndPoint = settings.Object<EndPoint>(nameof(options.EndPoint), EndPointText.TryParse, EndPointText.Expected) ?? options.EndPoint;
        ReadInto(settings, options.Pool);
    }

    private static void ReadInto(SettingsReader settings, ConnectionPoolOptions options)
    {
        options.MaxConnections = settings.Integer(nameof(options.MaxConnections)) ?? options.MaxConnections;
        options.MinIdle = settings.Integer(nameof(options.MinIdle)) ?? options.MinIdle;
        options.MaxWaiters = settings.Integer(nameof(options.MaxWaiters)) ?? options.MaxWaiters;
        options.MaxConcurrentDials = settings.Integer(nameof(options.MaxConcurrentDials)) ?? options.MaxConcurrentDials;
        options.AcquireTimeout = settings.Duration(nameof(options.AcquireTimeout)) ?? options.AcquireTimeout;
        options.IdleTimeout = settings.Duration(nameof(options.IdleTimeout)) ?? options.IdleTimeout;
        options.ConnectionLifetime = settings.Duration(nameof(options.ConnectionLifetime)) ?? options.ConnectionLifetime;
        options.LifetimeJitter = settings.Number(nameof(options.LifetimeJitter)) ?? options.LifetimeJitter;
        options.ProbeAfterIdle = settings.Duration(nameof(options.ProbeAfterIdle)) ?? options.ProbeAfterIdle;
        options.DrainTimeout = settings.Duration(nameof(options.DrainTimeout)) ?? options.DrainTimeout;
        options.TraceLeaks = settings.Flag(nameof(options.TraceLeaks)) ?? options.TraceLeaks;
    }
}
