using System.Buffers.Text;
using System.Text;

namespace NetKit.Samples;

/// <summary>A message that tells who sent it, which it is, and when it was due; recognized in whatever a server makes of it.</summary>
internal readonly record struct Probe(int Connection, int Number, long Due)
{
    /// <summary>More than a head can be: "lt", a run, a connection, a number and a time, with colons.</summary>
    public const int LongestHead = 56;

    // Other runs against the same server are not ours.
    private static readonly byte[] s_mark = Encoding.ASCII.GetBytes($"lt:{Random.Shared.Next():x8}:");

    /// <summary>Writes it over the whole of a message.</summary>
    public void Write(Span<byte> message)
    {
        s_mark.CopyTo(message);
        var length = s_mark.Length;
        Add(message, Connection, ref length);
        Add(message, Number, ref length);
        Add(message, Due, ref length);
        message[length..].Fill((byte)'.');
    }

    public static bool TryFind(ReadOnlySpan<byte> message, out Probe probe)
    {
        probe = default;
        var start = message.IndexOf(s_mark);
        if (start < 0)
        {
            return false;
        }

        message = message[(start + s_mark.Length)..];
        if (!TryTake(ref message, out var connection) || !TryTake(ref message, out var number) || !TryTake(ref message, out var due))
        {
            return false;
        }

        probe = new Probe((int)connection, (int)number, due);
        return true;
    }

    private static void Add(Span<byte> message, long value, ref int length)
    {
        Utf8Formatter.TryFormat(value, message[length..], out var written);
        length += written;
        message[length++] = (byte)':';
    }

    private static bool TryTake(ref ReadOnlySpan<byte> message, out long value)
    {
        if (!Utf8Parser.TryParse(message, out value, out var length) || length == message.Length || message[length] != ':')
        {
            return false;
        }

        message = message[(length + 1)..];
        return true;
    }
}
