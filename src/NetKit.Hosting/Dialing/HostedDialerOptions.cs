namespace NetKit;

/// <summary>Sets how the dialer of an application opens connections.</summary>
/// <remarks>Plain values, checked before the application starts, and read when the dialer is first asked for.</remarks>
public sealed class HostedDialerOptions
{
    /// <summary>Sets how it dials. Default: the defaults of <see cref="DialerOptions"/>.</summary>
    public DialerOptions Dialer { get; set; } = new();

    /// <summary>Lets it dial again when a dial fails (<see cref="RetryingDialer"/>). Default (null): it dials once.</summary>
    public RetryOptions? Retry { get; set; }

    /// <summary>Refuses what makes no sense, by the name of the property and its value.</summary>
    internal void Validate()
    {
        if (Dialer is null)
        {
            throw new ArgumentException($"{nameof(HostedDialerOptions)}.{nameof(Dialer)} must not be null.");
        }

        _ = Dialer.Validated();
        _ = Retry?.Validated();
    }
}
