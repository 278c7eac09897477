using System.Text;

namespace NetKit.Samples;

/// <summary>A value of Redis' protocol, RESP2.</summary>
internal abstract record RespValue
{
    private RespValue()
    {
    }

    public static Simple Ok { get; } = new("OK");

    /// <summary>Makes a command: an array of bulk strings.</summary>
    public static Array Command(params IEnumerable<string> words) => new([.. words.Select(Bulk.Of)]);

    /// <summary>One line of text: the answer to PING, or "OK".</summary>
    public sealed record Simple(string Text) : RespValue;

    /// <summary>What the server has to complain about.</summary>
    public sealed record Error(string Message) : RespValue;

    public sealed record Integer(long Number) : RespValue;

    /// <summary>Bytes, of any kind and number.</summary>
    public sealed record Bulk(byte[] Bytes) : RespValue
    {
        public string Text => Encoding.UTF8.GetString(Bytes);

        public static Bulk Of(string text) => new(Encoding.UTF8.GetBytes(text));
    }

    public sealed record Array(RespValue[] Items) : RespValue;

    /// <summary>Nothing: the answer to GET for a key that does not exist.</summary>
    public sealed record Nil : RespValue
    {
        public static Nil Value { get; } = new();
    }
}
