using System.Net;
using System.Net.Security;

namespace NetKit;

/// <summary>Reads the options of a dialer from its section of the configuration. What is not there stays as it is.</summary>
internal static class DialerSettings
{
    public static void ReadInto(SettingsReader settings, HostedDialerOptions options)
    {
        ReadInto(settings, options.Dialer);
        if (settings.Section(nameof(options.Retry)) is { } retry)
        {
            ReadInto(retry, options.Retry ??= new RetryOptions());
        }
    }

    private static void ReadInto(SettingsReader settings, DialerOptions options)
    {
        options.ConnectTimeout = settings.Duration(nameof(options.ConnectTimeout)) ?? options.ConnectTimeout;
        options.AttemptDelay = settings.Duration(nameof(options.AttemptDelay)) ?? options.AttemptDelay;
        options.LocalEndPoint = settings.Object<EndPoint>(nameof(options.LocalEndPoint), EndPointText.TryParse, EndPointText.Expected) ?? options.LocalEndPoint;
        options.RunContinuationsAsynchronously = settings.Flag(nameof(options.RunContinuationsAsynchronously)) ?? options.RunContinuationsAsynchronously;
        options.Tls = settings.Flag(nameof(options.Tls)) switch
        {
            true => options.Tls ?? new SslClientAuthenticationOptions(),
            false => null,
            null => options.Tls,
        };
        if (settings.Section(nameof(options.Socket)) is { } socket)
        {
            SocketSettings.ReadInto(socket, options.Socket);
        }
    }

    private static void ReadInto(SettingsReader settings, RetryOptions options)
    {
        options.MaxRetryAttempts = settings.Integer(nameof(options.MaxRetryAttempts)) ?? options.MaxRetryAttempts;
        options.Delay = settings.Duration(nameof(options.Delay)) ?? options.Delay;
        options.Multiplier = settings.Number(nameof(options.Multiplier)) ?? options.Multiplier;
        options.MaxDelay = settings.Duration(nameof(options.MaxDelay)) ?? options.MaxDelay;
        options.TotalTimeout = settings.DurationOrNone(nameof(options.TotalTimeout), options.TotalTimeout);
        if (settings.Section(nameof(options.CircuitBreaker)) is { } breaker)
        {
            ReadInto(breaker, options.CircuitBreaker ??= new CircuitBreakerOptions());
        }
    }

    private static void ReadInto(SettingsReader settings, CircuitBreakerOptions options)
    {
        options.FailureRatio = settings.Number(nameof(options.FailureRatio)) ?? options.FailureRatio;
        options.MinimumThroughput = settings.Integer(nameof(options.MinimumThroughput)) ?? options.MinimumThroughput;
        options.SamplingDuration = settings.Duration(nameof(options.SamplingDuration)) ?? options.SamplingDuration;
        options.BreakDuration = settings.Duration(nameof(options.BreakDuration)) ?? options.BreakDuration;
        options.MaxBreakDuration = settings.Duration(nameof(options.MaxBreakDuration)) ?? options.MaxBreakDuration;
    }
}
