using System.Net;

namespace NetKit.Tests.Pooling;

/// <summary>A dialer that is a function.</summary>
internal sealed class DelegateDialer(Func<EndPoint, CancellationToken, ValueTask<Connection>> dial) : IDialer
{
    public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken) => dial(endPoint, cancellationToken);
}
