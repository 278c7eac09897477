using System.Net;

namespace NetKit.Samples;

/// <summary>Gives each new connection a name at the server, by which CLIENT LIST knows it. A dialer around a dialer: the pool needs no hook for it.</summary>
internal sealed class NamingDialer(IDialer inner, string name, TimeSpan timeout) : IDialer
{
    public async ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        var connection = await inner.DialAsync(endPoint, cancellationToken);
        try
        {
            var answer = await RedisExchange.RunAsync(connection, Deadline.After(timeout), cancellationToken, "CLIENT", "SETNAME", name);
            return answer is RespValue.Error { Message: var message } ? throw new RedisErrorException(message) : connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }
}
