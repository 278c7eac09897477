using System.Net;

namespace NetKit;

/// <summary>Sets what a pool of an application keeps connections to.</summary>
/// <remarks>Plain values, checked before the application starts, and read when the pool is first asked for.</remarks>
public sealed class HostedPoolOptions
{
    /// <summary>Sets where the connections go. Must be set.</summary>
    public EndPoint? EndPoint { get; set; }

    /// <summary>Sets the limits. Default: the defaults of <see cref="ConnectionPoolOptions"/>.</summary>
    public ConnectionPoolOptions Pool { get; set; } = new();

    /// <summary>Refuses what makes no sense, by the name of the property and its value.</summary>
    internal void Validate()
    {
        if (EndPoint is null or IPEndPoint { Port: 0 } or DnsEndPoint { Port: 0 })
        {
            throw new ArgumentException($"{nameof(HostedPoolOptions)}.{nameof(EndPoint)} must be set, with a port other than 0; it is {EndPoint?.ToString() ?? "null"}.");
        }

        if (Pool is null)
        {
            throw new ArgumentException($"{nameof(HostedPoolOptions)}.{nameof(Pool)} must not be null.");
        }

        _ = Pool.Validated();
    }
}
