namespace NetKit;

/// <summary>Sets how an ASP.NET Core server listens on NetKit.</summary>
/// <remarks>Plain values, read and checked when the server binds. The server's own limits, such as of connections or request sizes, stay with Kestrel.</remarks>
public sealed class NetKitTransportOptions
{
    /// <summary>Sets backlog, sharing of ports, socket options and where code goes on. Default: the defaults of <see cref="ListenerOptions"/>.</summary>
    /// <remarks>
    /// By default a request is handled inline, on the loop that saw it arrive, which is fastest; a loop whose handler blocks or
    /// computes for more than about a millisecond is continued by another thread. Set
    /// <see cref="ListenerOptions.RunContinuationsAsynchronously"/> where most handlers do that: then they run in the thread pool.
    /// </remarks>
    public ListenerOptions Listener { get; set; } = new();
}
