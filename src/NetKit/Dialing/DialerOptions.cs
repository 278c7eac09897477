using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Sets how a dialer opens connections.</summary>
/// <remarks>Plain values, read and checked when a dialer is made.</remarks>
public sealed class DialerOptions
{
    // RFC 8305, section 8: recommended minimum and maximum of the Connection Attempt Delay.
    private static readonly TimeSpan s_leastAttemptDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_mostAttemptDelay = TimeSpan.FromSeconds(2);

    internal static DialerOptions Default { get; } = new();

    /// <summary>Sets the time for a whole dial: name resolution, every attempt to connect, and the TLS handshake. Default: 15 seconds.</summary>
    /// <remarks>More than zero; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. When it is over the dial fails with <see cref="ConnectionError.DeadlineExceeded"/>.</remarks>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Sets how long an attempt is left alone before one at the next address joins it (RFC 8305's Connection Attempt Delay). Default: 250 milliseconds.</summary>
    /// <remarks>More than zero; below 100 milliseconds it counts as that, above 2 seconds as that. After a failure the next address is tried
    /// without that wait, though not within 10 milliseconds of the last start (RFC 8305, section 5).</remarks>
    public TimeSpan AttemptDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Limits each attempt by how long attempts took lately, connect and TLS handshake together. Default (null): no limit but that of the dial.</summary>
    /// <remarks>
    /// The dialer records in it the attempts that succeeded and those that this limit ended. Of a host with more than four
    /// addresses, an attempt is also limited by its share of the time that the dial has left, so that every address gets its turn.
    /// </remarks>
    public AdaptiveTimeout? AttemptTimeout { get; set; }

    /// <summary>Binds the sockets to this endpoint: an IP address with port 0 for any port, or a Unix socket's path. Default (null): the system chooses.</summary>
    /// <remarks>
    /// Addresses of another family are not tried. With a port other than 0, Windows tries one address after another, because no
    /// two sockets can have it there.
    /// </remarks>
    public EndPoint? LocalEndPoint { get; set; }

    /// <summary>Runs a TLS handshake on each connection as a part of the dial. Default (null): none.</summary>
    /// <remarks>Without a <see cref="SslClientAuthenticationOptions.TargetHost"/> the dialed host is the one that is asked for.</remarks>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>Sets the options of the sockets; set before they connect.</summary>
    public SocketOptions Socket { get; set; } = new();

    /// <summary>Finds the addresses of a host, the preferred ones first. Default (null): the system's resolver, in the order of RFC 6724.</summary>
    /// <remarks>
    /// Asked anew for every dial, and once for all dials of a host that wait at the same time. The token is cancelled when none
    /// of them waits any more. What it throws makes the dial fail with <see cref="ConnectionError.NameResolution"/>, or
    /// <see cref="ConnectionError.HostNotFound"/> for a <see cref="SocketException"/> that says so and for an empty list.
    /// </remarks>
    public Func<string, CancellationToken, ValueTask<IReadOnlyList<IPAddress>>>? Resolve { get; set; }

    /// <summary>Is told of each attempt when it has ended, of dials that succeed too. Default (null): nobody is.</summary>
    /// <remarks>
    /// In a <see cref="RetryingDialer"/> right around this dialer, <see cref="DialAttempt.Started"/> counts from the beginning of the
    /// whole dial, so that the attempts of all rounds are on one clock.
    /// Called for one attempt of a dial at a time, before the dial ends, which waits for it: it should be quick. What it throws is
    /// logged and has no effect.
    /// </remarks>
    public Action<DialAttempt>? OnAttempt { get; set; }

    /// <summary>Lets code that awaits a dial, or a read or write of its connection, go on in the thread pool. Default: false.</summary>
    /// <remarks>See <see cref="ListenerOptions.RunContinuationsAsynchronously"/>.</remarks>
    public bool RunContinuationsAsynchronously { get; set; }

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal DialerOptions Validated()
    {
        Check(ConnectTimeout > TimeSpan.Zero || ConnectTimeout == Timeout.InfiniteTimeSpan, nameof(ConnectTimeout), ConnectTimeout, "more than zero, or infinite (-1 ms)");
        Check(AttemptDelay > TimeSpan.Zero, nameof(AttemptDelay), AttemptDelay, "more than zero");
        if (LocalEndPoint is not (null or IPEndPoint or UnixDomainSocketEndPoint))
        {
            throw new ArgumentException(
                $"{nameof(DialerOptions)}.{nameof(LocalEndPoint)} must be an IPEndPoint, a UnixDomainSocketEndPoint or null; {ErrorSentence.Format(LocalEndPoint)} is a {LocalEndPoint.GetType().Name}.",
                nameof(LocalEndPoint));
        }

        if (Socket is null)
        {
            throw new ArgumentNullException(nameof(Socket), $"{nameof(DialerOptions)}.{nameof(Socket)} must not be null.");
        }

        var copy = (DialerOptions)MemberwiseClone();
        copy.AttemptDelay = AttemptDelay < s_leastAttemptDelay ? s_leastAttemptDelay : AttemptDelay > s_mostAttemptDelay ? s_mostAttemptDelay : AttemptDelay;
        copy.Socket = Socket.Validated();
        if (LocalEndPoint is IPEndPoint local)
        {
            copy.LocalEndPoint = new IPEndPoint(local.Address.IsIPv4MappedToIPv6 ? local.Address.MapToIPv4() : local.Address, local.Port);
        }

        copy.Tls = Tls is null ? null : ClientTls.Copy(Tls);
        return copy;
    }

    private static void Check(bool valid, string property, TimeSpan value, string allowed)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(property, value, $"{nameof(DialerOptions)}.{property} must be {allowed}.");
        }
    }
}
