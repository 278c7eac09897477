using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetKit;

namespace Microsoft.Extensions.DependencyInjection;

// Dialers.
public static partial class NetKitServiceCollectionExtensions
{
    /// <summary>Adds the dialer of the application, as <see cref="IDialer"/>: one for all who ask, which dials again after failures if its options say so.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Sets the options. Default (null): the defaults of <see cref="HostedDialerOptions"/>.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// Options that make no sense fail the start of the application. Pools dial by it, unless there is
    /// an <see cref="IDialer"/> of their name (a keyed service). A <see cref="TimeProvider"/> among the services is its clock.
    /// </remarks>
    public static IServiceCollection AddDialer(this IServiceCollection services, Action<HostedDialerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddCheckedOptions(Options.Options.DefaultName, configure ?? (static _ => { }), static (HostedDialerOptions options) => options.Validate());
        return services.AddSingleton<IDialer>(CreateDialer);
    }

    /// <summary>Adds the dialer of the application, which a section of the configuration describes.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="section">
    /// The section, read when the application starts: ConnectTimeout, AttemptDelay, LocalEndPoint, Tls (true or false), Socket and
    /// RunContinuationsAsynchronously as in <see cref="DialerOptions"/>; Retry is a section with what is in <see cref="RetryOptions"/>, and if it is there,
    /// failed dials are tried again. Written as for servers, and as strict.
    /// </param>
    /// <param name="configure">Sets further options, after the section was read. Default (null): none.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddDialer(
        this IServiceCollection services, IConfigurationSection section, Action<HostedDialerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddDialer(options =>
        {
            section.Read(options, DialerSettings.ReadInto);
            configure?.Invoke(options);
        });
    }

    private static IDialer CreateDialer(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<HostedDialerOptions>>().Value;
        var loggerFactory = provider.GetService<ILoggerFactory>();
        var timeProvider = provider.GetService<TimeProvider>();
        var dialer = new Dialer(options.Dialer, loggerFactory, timeProvider);
        return options.Retry is { } retry ? new RetryingDialer(dialer, retry, loggerFactory, timeProvider) : dialer;
    }
}
