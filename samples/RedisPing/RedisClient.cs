namespace NetKit.Samples;

/// <summary>Sends commands to Redis, each on a connection of the pool, under one deadline for the wait and the exchange.</summary>
/// <remarks>
/// A call that fails was carried out or not: only the caller knows whether it may be repeated, so nothing is repeated here. Its
/// connection is closed with it, so that a late answer meets nobody.
/// </remarks>
internal sealed class RedisClient(ConnectionPool pool, TimeSpan timeout)
{
    public async ValueTask PingAsync(CancellationToken cancellationToken) =>
        await CallAsync<RespValue.Simple>(cancellationToken, "PING");

    /// <summary>Sends a text and gets it back.</summary>
    public async ValueTask<string> EchoAsync(string text, CancellationToken cancellationToken) =>
        (await CallAsync<RespValue.Bulk>(cancellationToken, "ECHO", text)).Text;

    public async ValueTask SetAsync(string key, string value, CancellationToken cancellationToken) =>
        await CallAsync<RespValue.Simple>(cancellationToken, "SET", key, value);

    /// <summary>Gets the value of a key; null when there is none.</summary>
    public async ValueTask<string?> GetAsync(string key, CancellationToken cancellationToken) =>
        await CallAsync<RespValue>(cancellationToken, "GET", key) is RespValue.Bulk value ? value.Text : null;

    /// <summary>Adds one to a number, and gets the sum.</summary>
    public async ValueTask<long> IncrementAsync(string key, CancellationToken cancellationToken) =>
        (await CallAsync<RespValue.Integer>(cancellationToken, "INCR", key)).Number;

    public async ValueTask DeleteAsync(string key, CancellationToken cancellationToken) =>
        await CallAsync<RespValue.Integer>(cancellationToken, "DEL", key);

    /// <summary>Sends any command.</summary>
    /// <typeparam name="T">The kind of the answer.</typeparam>
    /// <exception cref="RedisErrorException">The server refused the command.</exception>
    /// <exception cref="RespFormatException">The answer is not RESP2, or of another kind.</exception>
    public async ValueTask<T> CallAsync<T>(CancellationToken cancellationToken, params IEnumerable<string> words)
        where T : RespValue
    {
        var command = RespEncoder.Encode(RespValue.Command(words));
        var deadline = Deadline.After(timeout);
        var answer = await pool.UseAsync((connection, token) => RedisExchange.RunAsync(connection, command, deadline, token), cancellationToken);

        // Thrown here and not in the exchange: a refusal is a complete answer, and its connection goes on.
        return answer switch
        {
            T expected => expected,
            RespValue.Error { Message: var message } => throw new RedisErrorException(message),
            _ => throw new RespFormatException($"the answer is a {answer.GetType().Name}, where a {typeof(T).Name} was expected"),
        };
    }
}
