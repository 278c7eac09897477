using System.Net.Security;

namespace NetKit;

/// <summary>Sets the limits of a server, and what its clients go through before they are served.</summary>
/// <remarks>Plain values, read and checked when a server is made.</remarks>
public sealed class ConnectionServerOptions
{
    // What one timer can wait; longer makes no sense for a drain, nor for a handshake.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    internal static ConnectionServerOptions Default { get; } = new();

    /// <summary>Limits how many connections are handled at once, those in their handshake included. Default (null): no limit. At least 1.</summary>
    public int? MaxConnections { get; set; }

    /// <summary>Sets what happens to clients beyond <see cref="MaxConnections"/>. Default: <see cref="ConnectionLimitMode.Wait"/>.</summary>
    public ConnectionLimitMode LimitMode { get; set; } = ConnectionLimitMode.Wait;

    /// <summary>Sets how long handlers have to end when the server stops; what is left then is reset. Default: 10 seconds. Zero: reset at once. At most a day.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Serves by TLS: handlers get a <see cref="TlsConnection"/>. Default (null): plain connections, unless there is a <see cref="TlsSelector"/>.</summary>
    /// <remarks>
    /// <para>A handler never sees a client whose handshake failed. That is one log at the level Debug and a measurement of
    /// <c>netkit.server.handshake.duration</c> with its outcome; the connection is closed.</para>
    /// <para>A certificate that may be replaced while the server runs: <see cref="NetKit.ServerCertificate"/>. Hosts with certificates of their own: either
    /// <see cref="SslServerAuthenticationOptions.ServerCertificateSelectionCallback"/>, where each handshake builds the certificate's chain anew, or
    /// <see cref="TlsSelector"/>. Copied when the server is made; callbacks run in the thread pool.</para>
    /// </remarks>
    public SslServerAuthenticationOptions? Tls { get; set; }

    /// <summary>Serves by TLS with options chosen for each client, by the host name that it asks for (SNI) among others. Default (null): <see cref="Tls"/>.</summary>
    /// <remarks>Called within the handshake, under its deadline, in the thread pool. What it throws fails the handshake. Not together with <see cref="Tls"/>.</remarks>
    public ServerOptionsSelectionCallback? TlsSelector { get; set; }

    /// <summary>Limits how long a client may take from its accept to its handler: the PROXY header, waiting for its turn, and the TLS handshake together. Default: 10 seconds. More than zero, at most a day.</summary>
    /// <remarks>Then its connection is reset. Without TLS and PROXY protocol there is nothing to limit.</remarks>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Limits how many TLS handshakes compute at a time. Default: the number of processors. At least 1.</summary>
    /// <remarks>
    /// A handshake computes for about a millisecond and waits for its client most of the time; while it waits it does not count, so
    /// silent clients keep nobody out. More at a time than there are processors makes none of them faster. Fewer leaves
    /// processors to the connections that are established. When more come than can be served, the newest goes first. What a handshake that
    /// waits holds in memory is limited by <see cref="MaxConnections"/> and <see cref="HandshakeTimeout"/>.
    /// </remarks>
    public int MaxConcurrentHandshakes { get; set; } = Environment.ProcessorCount;

    /// <summary>Expects a PROXY header ahead of each connection, by which a proxy says who its client is. Default (null): none is expected.</summary>
    /// <remarks>
    /// The handler's connection then shows the client as its <see cref="Connection.RemoteEndPoint"/>; see <see cref="Connection.ProxyHeader"/> and
    /// <see cref="Connection.ProxyEndPoint"/>. A connection with no header, or one that is broken, is reset. TLS, if any, begins after the header.
    /// </remarks>
    public ProxyProtocolOptions? ProxyProtocol { get; set; }

    /// <summary>Lets handlers begin, and go on after each read and write, in the thread pool. Default: false.</summary>
    /// <remarks>As <see cref="ListenerOptions.RunContinuationsAsynchronously"/>, which has the same effect and more.</remarks>
    public bool RunContinuationsAsynchronously { get; set; }

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal ConnectionServerOptions Validated()
    {
        OptionCheck.Require<ConnectionServerOptions>(MaxConnections is not < 1, nameof(MaxConnections), MaxConnections, "at least 1, or null for no limit");
        OptionCheck.Require<ConnectionServerOptions>(Enum.IsDefined(LimitMode), nameof(LimitMode), LimitMode, "Wait or Reject");
        OptionCheck.Require<ConnectionServerOptions>(DrainTimeout >= TimeSpan.Zero && DrainTimeout <= s_longest, nameof(DrainTimeout), DrainTimeout, "from zero to a day");
        OptionCheck.Require<ConnectionServerOptions>(
            HandshakeTimeout > TimeSpan.Zero && HandshakeTimeout <= s_longest, nameof(HandshakeTimeout), HandshakeTimeout, "more than zero and at most a day");
        OptionCheck.Require<ConnectionServerOptions>(MaxConcurrentHandshakes >= 1, nameof(MaxConcurrentHandshakes), MaxConcurrentHandshakes, "at least 1");
        var copy = (ConnectionServerOptions)MemberwiseClone();
        copy.ProxyProtocol = ProxyProtocol?.Validated();
        return copy;
    }
}
