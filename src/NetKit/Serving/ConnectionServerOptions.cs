using System.Net;
using System.Net.Security;
using System.Threading.RateLimiting;

namespace NetKit;

/// <summary>Sets the limits of a server, and what its clients go through before they are served.</summary>
/// <remarks>
/// <para>Plain values, read and checked when a server is made. A server with several listeners has them once, for all together.</para>
/// <para>Of <see cref="IdleTimeout"/>, <see cref="MaxConnectionLifetime"/> and <see cref="MinReceiveRate"/>: a connection that one of them
/// ends is reset. What its handler waits for, and what it tries later, fails with a <see cref="ConnectionException"/> of
/// <see cref="ConnectionError.TimedOut"/> whose message names the option; so does <c>netkit.server.timed_out_connections</c>. They are
/// looked after by one timer a server, which runs while there are connections: never early, and late by up to a quarter of the
/// shortest of the times, or 20 ms if that is more, but never by more than 10 seconds. A handler's own
/// <see cref="Connection.ReadDeadline"/> and <see cref="Connection.WriteDeadline"/> are left alone.</para>
/// </remarks>
public sealed class ConnectionServerOptions
{
    // What one timer can wait; longer makes no sense for a drain, nor for a handshake.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    internal static ConnectionServerOptions Default { get; } = new();

    // Not by their types: a server without TLS does not load the assembly that has them, which takes descriptors of few, and time.
    private object? _tls;
    private object? _tlsSelector;

    internal bool HasTls => _tls is not null || _tlsSelector is not null;

    /// <summary>Limits how many connections are handled at once, those in their handshake included. Default (null): no limit. At least 1.</summary>
    public int? MaxConnections { get; set; }

    /// <summary>Sets what happens to clients beyond <see cref="MaxConnections"/>. Default: <see cref="ConnectionLimitMode.Wait"/>.</summary>
    public ConnectionLimitMode LimitMode { get; set; } = ConnectionLimitMode.Wait;

    /// <summary>Sets how long handlers have to end when the server stops; what is left then is reset. Default: 10 seconds. Zero: reset at once. At most a day.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Ends connections on which nothing moves for so long. Default (null): none. Greater than zero.</summary>
    /// <remarks>
    /// <para>What moves is a byte that a read of the handler brought, or that the system took of one of its writes; with TLS, a byte
    /// of its records. A connection is idle:</para>
    /// <list type="bullet">
    /// <item>when no byte was received and none sent for the time: so a client that only sends, and one that only receives, live as
    /// long as they do so; a handler that computes or waits for something else meanwhile counts as idle too;</item>
    /// <item>or when a write has waited for the time and the system took no byte of it, whatever was received meanwhile: the client
    /// does not read. (A read that waits is no such sign. Handlers leave one waiting to hear of the end.)</item>
    /// </list>
    /// <para>The time begins with the connection, and after each byte anew.</para>
    /// </remarks>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>Ends connections that have lasted so long, whatever they do. Default (null): none. Greater than zero.</summary>
    public TimeSpan? MaxConnectionLifetime { get; set; }

    /// <summary>Ends connections whose clients send, but too slowly. Default (null): none.</summary>
    /// <remarks>
    /// <para>Meant for clients that send a byte now and then to hold a handler (Slowloris). An account is kept of the bytes that came and
    /// those that should have come in the time that reads of the handler waited; time in which the handler does something else costs
    /// nothing. It begins with what the rate makes of the grace period, and never holds more. When bytes come and the account is
    /// overdrawn, the connection is ended.</para>
    /// <para>A client that sends nothing is not slow: rests of the grace period or more are the business of
    /// <see cref="IdleTimeout"/>, and after one the account begins anew. So keep-alive connections with rests are left alone, but one that sends small
    /// messages at shorter intervals must, on average, come up to the rate: choose the grace period below that interval, or the
    /// rate below what such clients send. A client that lets each rest last for the grace period is bounded by an
    /// <see cref="IdleTimeout"/> of at most three quarters of it, which leaves no such rests, or else by <see cref="MaxConnectionLifetime"/> and the handler's
    /// own deadlines alone.</para>
    /// </remarks>
    public MinDataRate? MinReceiveRate { get; set; }

    /// <summary>Lets in as many clients as a limiter of yours says; the others are reset at once. Default (null): all.</summary>
    /// <remarks>
    /// <para>Asked for one permit a client by <c>AttemptAcquire</c>, before there is anything of the connection but its socket, and after
    /// <see cref="MaxConnections"/>. The permit is given back when the connection has ended, so both a
    /// <see cref="TokenBucketRateLimiter"/> and a <see cref="ConcurrencyLimiter"/> make sense. A limiter that throws lets nobody in;
    /// that is logged once in a while.</para>
    /// <para>Yours to dispose of, after the server.</para>
    /// </remarks>
    public RateLimiter? AcceptLimiter { get; set; }

    /// <summary>Lets in as many clients of each IP address as a limiter of yours says; the others are reset at once. Default (null): all.</summary>
    /// <remarks>
    /// <para>As <see cref="AcceptLimiter"/>, and asked before it: a flood from one address does not use up what all share. An IPv4 address is
    /// an IPv4 address also where it came in by an IPv6 socket. Clients without an IP address, of Unix sockets and in memory, are
    /// not asked about. IPv6 clients have as many addresses as they like: partition them by prefix, such as /64.</para>
    /// <para>The address is that of the socket. Behind a proxy it is the proxy's, whatever the proxy tells of its client later.</para>
    /// </remarks>
    public PartitionedRateLimiter<IPAddress>? PerAddressLimiter { get; set; }

    /// <summary>Sets how many loops accept at each listener. Default: 1. From 1 to 1024.</summary>
    /// <remarks>
    /// One is enough for most servers. Where it is not, bind several listeners to the port, with
    /// <see cref="ListenerOptions.ReusePort"/>, before you add loops: those share a socket and its queue. By
    /// <see cref="ConnectionLimitMode.Wait"/>, each loop of a full server holds one client that was accepted and is not served yet.
    /// </remarks>
    public int AcceptLoops { get; set; } = 1;

    /// <summary>Serves by TLS: handlers get a <see cref="TlsConnection"/>. Default (null): plain connections, unless there is a <see cref="TlsSelector"/>.</summary>
    /// <remarks>
    /// <para>A handler never sees a client whose handshake failed. That is one log at the level Debug and a measurement of
    /// <c>netkit.server.handshake.duration</c> with its outcome; the connection is closed.</para>
    /// <para>A certificate that may be replaced while the server runs: <see cref="NetKit.ServerCertificate"/>. Hosts with certificates of their own: either
    /// <see cref="SslServerAuthenticationOptions.ServerCertificateSelectionCallback"/>, where each handshake builds the certificate's chain anew, or
    /// <see cref="TlsSelector"/>. Copied when the server is made; callbacks run in the thread pool.</para>
    /// </remarks>
    public SslServerAuthenticationOptions? Tls
    {
        get => (SslServerAuthenticationOptions?)_tls;
        set => _tls = value;
    }

    /// <summary>Serves by TLS with options chosen for each client, by the host name that it asks for (SNI) among others. Default (null): <see cref="Tls"/>.</summary>
    /// <remarks>
    /// Called within the handshake, under its deadline, in the thread pool; while it waits, it keeps no other handshake waiting. What it throws fails
    /// the handshake: an <see cref="System.Security.Authentication.AuthenticationException"/> turns a client away, anything else is logged as an error, once in
    /// a while. Not together with <see cref="Tls"/>.
    /// </remarks>
    public ServerOptionsSelectionCallback? TlsSelector
    {
        get => (ServerOptionsSelectionCallback?)_tlsSelector;
        set => _tlsSelector = value;
    }

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
        OptionCheck.Require<ConnectionServerOptions>(IsNoneOrPositive(IdleTimeout), nameof(IdleTimeout), IdleTimeout, "greater than zero, or null for none");
        OptionCheck.Require<ConnectionServerOptions>(
            IsNoneOrPositive(MaxConnectionLifetime), nameof(MaxConnectionLifetime), MaxConnectionLifetime, "greater than zero, or null for none");
        OptionCheck.Require<ConnectionServerOptions>(AcceptLoops is >= 1 and <= 1024, nameof(AcceptLoops), AcceptLoops, "from 1 to 1024");
        OptionCheck.Require<ConnectionServerOptions>(
            HandshakeTimeout > TimeSpan.Zero && HandshakeTimeout <= s_longest, nameof(HandshakeTimeout), HandshakeTimeout, "more than zero and at most a day");
        OptionCheck.Require<ConnectionServerOptions>(MaxConcurrentHandshakes >= 1, nameof(MaxConcurrentHandshakes), MaxConcurrentHandshakes, "at least 1");
        var copy = (ConnectionServerOptions)MemberwiseClone();
        copy.ProxyProtocol = ProxyProtocol?.Validated();
        return copy;
    }

    private static bool IsNoneOrPositive(TimeSpan? time) => time is null || time > TimeSpan.Zero;
}
