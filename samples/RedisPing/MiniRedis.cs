using System.Collections.Concurrent;
using System.Globalization;

namespace NetKit.Samples;

/// <summary>Answers the few commands that the client sends, as Redis would.</summary>
/// <param name="send">Sends the answer to a command, and says whether to go on; null sends every answer and goes on.</param>
internal sealed class MiniRedis(Func<Connection, RespValue, RespValue, ValueTask<bool>>? send = null)
{
    private static readonly RespValue.Error s_notANumber = new("ERR value is not an integer or out of range");

    private readonly Func<Connection, RespValue, RespValue, ValueTask<bool>> _send = send ?? SendAsync;
    private readonly ConcurrentDictionary<string, string> _values = new();

    /// <summary>Serves one connection until the client finishes or the server stops.</summary>
    public async Task HandleAsync(Connection connection, CancellationToken stopping)
    {
        using var reader = new RespReader(connection);
        try
        {
            // Stopping ends the wait for a command, never the answer to one that was carried out.
            while (await reader.ReadAsync(stopping) is { } command && await _send(connection, command, Answer(command)))
            {
            }
        }
        catch (RespFormatException e)
        {
            await connection.WriteAsync(RespEncoder.Encode(new RespValue.Error($"ERR Protocol error: {e.Message}")), CancellationToken.None);
        }
        catch (EndOfStreamException)
        {
            // The client is gone, and with it the rest of its command.
        }
    }

    private static async ValueTask<bool> SendAsync(Connection connection, RespValue command, RespValue answer)
    {
        await connection.WriteAsync(RespEncoder.Encode(answer));
        return true;
    }

    private RespValue Answer(RespValue command) => command is RespValue.Array { Items: [RespValue.Bulk name, .. var arguments] }
        ? Answer(name.Text.ToUpperInvariant(), [.. arguments.OfType<RespValue.Bulk>().Select(argument => argument.Text)])
        : new RespValue.Error("ERR a command is an array of bulk strings");

    private RespValue Answer(string name, string[] arguments) => (name, arguments) switch
    {
        ("PING", []) => new RespValue.Simple("PONG"),
        ("ECHO", [var text]) => RespValue.Bulk.Of(text),
        ("SET", [var key, var value]) => Set(key, value),
        ("GET", [var key]) => _values.TryGetValue(key, out var value) ? RespValue.Bulk.Of(value) : RespValue.Nil.Value,
        ("INCR", [var key]) => Increment(key),
        ("DEL", [var key]) => new RespValue.Integer(_values.TryRemove(key, out _) ? 1 : 0),
        ("CLIENT", [var what, _]) when what.Equals("SETNAME", StringComparison.OrdinalIgnoreCase) => RespValue.Ok,
        _ => new RespValue.Error($"ERR unknown command '{name}' with {arguments.Length} argument(s)"),
    };

    private RespValue.Simple Set(string key, string value)
    {
        _values[key] = value;
        return RespValue.Ok;
    }

    private RespValue Increment(string key)
    {
        while (true)
        {
            var before = _values.GetOrAdd(key, "0");
            if (!long.TryParse(before, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number == long.MaxValue)
            {
                return s_notANumber;
            }

            if (_values.TryUpdate(key, (number + 1).ToString(CultureInfo.InvariantCulture), before))
            {
                return new RespValue.Integer(number + 1);
            }
        }
    }
}
