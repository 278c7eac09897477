using System.Buffers;
using System.Globalization;
using System.Text;

namespace NetKit.Samples;

/// <summary>Reads values off a connection, and trusts none of its bytes.</summary>
internal sealed class RespReader(Connection connection) : IDisposable
{
    private const int BufferSize = 16 * 1024; // and the longest line
    private const int LongestBulk = 16 * 1024 * 1024;
    private const int LongestArray = 64 * 1024;
    private const int Deepest = 8;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _start;
    private int _end;

    /// <summary>Whether bytes have come that belong to no value read so far.</summary>
    public bool HasMore => _start < _end;

    /// <summary>Reads the next value; null when the peer has finished before its first byte.</summary>
    /// <exception cref="RespFormatException">What came is not RESP2. The connection is of no use any more.</exception>
    /// <exception cref="EndOfStreamException">The peer has finished within a value.</exception>
    public async ValueTask<RespValue?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!HasMore && !await FillAsync(cancellationToken))
        {
            return null;
        }

        return await ReadValueAsync(depth: 0, cancellationToken);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private async ValueTask<RespValue> ReadValueAsync(int depth, CancellationToken cancellationToken)
    {
        var (kind, line) = await ReadLineAsync(cancellationToken);
        switch (kind)
        {
            case '+':
                return new RespValue.Simple(line);
            case '-':
                return new RespValue.Error(line);
            case ':':
                return new RespValue.Integer(Number(line));
            case '$':
                return Length(line, LongestBulk) is { } bytes ? await ReadBulkAsync(bytes, cancellationToken) : RespValue.Nil.Value;
            case '*' when depth == Deepest:
                throw new RespFormatException($"arrays are nested more than {Deepest} deep");
            case '*':
                return Length(line, LongestArray) is { } items ? await ReadArrayAsync(items, depth, cancellationToken) : RespValue.Nil.Value;
            default:
                throw new RespFormatException($"a value begins with {Show(kind)}, not with one of + - : $ *");
        }
    }

    private async ValueTask<RespValue> ReadArrayAsync(int count, int depth, CancellationToken cancellationToken)
    {
        // Grows as items come: a length alone is no reason to allocate.
        var items = new List<RespValue>();
        while (items.Count < count)
        {
            items.Add(await ReadValueAsync(depth + 1, cancellationToken));
        }

        return new RespValue.Array([.. items]);
    }

    private async ValueTask<RespValue> ReadBulkAsync(int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        var buffered = Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, buffered).CopyTo(bytes);
        _start += buffered;
        await connection.ReadExactlyAsync(bytes.AsMemory(buffered), cancellationToken);
        foreach (var expected in "\r\n")
        {
            if (!HasMore && !await FillAsync(cancellationToken))
            {
                throw new EndOfStreamException();
            }

            if (_buffer[_start++] is var found && found != expected)
            {
                throw new RespFormatException($"a bulk string of {length} bytes is followed by {Show((char)found)}, not by an end of line");
            }
        }

        return new RespValue.Bulk(bytes);
    }

    /// <summary>Reads a line: its first byte, which tells what it is, and the rest.</summary>
    private async ValueTask<(char Kind, string Text)> ReadLineAsync(CancellationToken cancellationToken)
    {
        var seen = 0;
        int end;
        while ((end = _buffer.AsSpan(_start + seen, _end - _start - seen).IndexOf((byte)'\n')) < 0)
        {
            seen = _end - _start;
            if (seen >= BufferSize)
            {
                throw new RespFormatException($"a line is longer than {BufferSize} bytes");
            }

            if (!await FillAsync(cancellationToken))
            {
                throw new EndOfStreamException();
            }
        }

        var line = _buffer.AsSpan(_start, seen + end);
        _start += line.Length + 1;
        return line is [var kind, .. var rest, (byte)'\r']
            ? ((char)kind, Encoding.UTF8.GetString(rest))
            : throw new RespFormatException("a line does not end with CR LF, or is empty");
    }

    /// <summary>Adds at least a byte to the buffer; false when the peer has finished.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var count = await connection.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += count;
        return count > 0;
    }

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new RespFormatException($"\"{text}\" is no integer of 64 bits");

    /// <summary>Reads a length; null for -1, which stands for nothing.</summary>
    private static int? Length(string text, int most) => Number(text) switch
    {
        -1 => null,
        >= 0 and var length when length <= most => (int)length,
        var length => throw new RespFormatException($"a length is {length}, but must be from 0 to {most}, or -1"),
    };

    private static string Show(char character) => char.IsAsciiLetterOrDigit(character) || char.IsPunctuation(character)
        ? $"'{character}'"
        : $"the byte {(int)character}";
}
