using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetKit;

/// <summary>The PROXY header as a line of text: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443" and CR LF.</summary>
internal static class ProxyHeaderV1
{
    public const int Longest = 107; // with CR LF

    // After "PROXY TCP4 ": two addresses and two ports, with a space before each but the first.
    private const int SpacesInLine = 5;

    public static ReadOnlySpan<byte> Beginning => "PROXY "u8;

    private static ReadOnlySpan<byte> Unknown => "PROXY UNKNOWN"u8;

    private static ReadOnlySpan<byte> Tcp4 => "PROXY TCP4 "u8;

    private static ReadOnlySpan<byte> Tcp6 => "PROXY TCP6 "u8;

    public static ProxyParse Parse(ReadOnlySpan<byte> source)
    {
        if (source.Length < ProxyParse.Shortest)
        {
            return ProxyParse.AtLeast(ProxyParse.Shortest);
        }

        var isUnknown = source.StartsWith(Unknown);
        var isTcp4 = source.StartsWith(Tcp4);
        if (!isUnknown && !isTcp4 && !source.StartsWith(Tcp6))
        {
            return ProxyParse.Invalid;
        }

        var inReach = source[..Math.Min(source.Length, Longest)];
        var end = inReach.IndexOf("\r\n"u8);
        if (end < 0)
        {
            var atLeast = inReach.Length + MissingAfter(inReach, isUnknown, isTcp4);
            return atLeast <= Longest ? ProxyParse.AtLeast(atLeast) : ProxyParse.Invalid;
        }

        var header = isUnknown ? ParseUnknown(inReach[Unknown.Length..end]) : ParseTcp(inReach[Tcp4.Length..end], isTcp4);
        return header is null ? ProxyParse.Invalid : ProxyParse.Done(header, end + 2);
    }

    public static void Write(ProxyHeader header, IBufferWriter<byte> writer)
    {
        var line = "PROXY UNKNOWN\r\n";
        if (header is { Source: IPEndPoint source, Destination: IPEndPoint destination })
        {
            (source, destination) = ProxyHeader.OfOneFamily(source, destination);
            var family = source.AddressFamily == AddressFamily.InterNetwork ? '4' : '6';
            line = string.Create(
                CultureInfo.InvariantCulture,
                $"PROXY TCP{family} {Text(source)} {Text(destination)} {source.Port} {destination.Port}\r\n");
        }

        Encoding.ASCII.GetBytes(line, writer);
    }

    // Without the scope of a link-local address, which means nothing elsewhere.
    private static IPAddress Text(IPEndPoint endPoint) => endPoint.Address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 } scoped
        ? new IPAddress(scoped.GetAddressBytes())
        : endPoint.Address;

    /// <summary>How many bytes a line has still to come, if it is valid. Never too many: what follows the line is not ours.</summary>
    private static int MissingAfter(ReadOnlySpan<byte> line, bool isUnknown, bool isTcp4)
    {
        var ending = line[^1] == '\r' ? 1 : 2;
        if (isUnknown)
        {
            return ending;
        }

        var shortestAddress = isTcp4 ? "0.0.0.0".Length : "::".Length;
        return (SpacesInLine - line.Count((byte)' ')) switch
        {
            1 => " 0\r\n".Length,
            2 => " 0 0\r\n".Length,
            3 => " 0 0\r\n".Length + 1 + shortestAddress,
            _ => ending,
        };
    }

    // Whatever else the line says is to be ignored.
    private static ProxyHeader? ParseUnknown(ReadOnlySpan<byte> rest) =>
        rest.IsEmpty || rest[0] == ' ' ? new ProxyHeader(source: null, destination: null, isLocal: false) { Version = 1 } : null;

    private static ProxyHeader? ParseTcp(ReadOnlySpan<byte> bytes, bool isTcp4)
    {
        Span<char> text = stackalloc char[Longest];
        ReadOnlySpan<char> fields = text[..Encoding.Latin1.GetChars(bytes, text)];
        Span<Range> ranges = stackalloc Range[5];
        if (fields.Split(ranges, ' ') != 4
            || !TryParseAddress(fields[ranges[0]], isTcp4, out var source)
            || !TryParseAddress(fields[ranges[1]], isTcp4, out var destination)
            || !TryParsePort(fields[ranges[2]], out var sourcePort)
            || !TryParsePort(fields[ranges[3]], out var destinationPort))
        {
            return null;
        }

        return new ProxyHeader(new IPEndPoint(source, sourcePort), new IPEndPoint(destination, destinationPort)) { Version = 1 };
    }

    private static bool TryParseAddress(ReadOnlySpan<char> text, bool isTcp4, out IPAddress address)
    {
        address = IPAddress.None;
        return isTcp4 ? TryParseV4(text, ref address) : TryParseV6(text, ref address);
    }

    // Stricter than the framework, which takes "1", "0x7f.1" and octal numbers for addresses.
    private static bool TryParseV4(ReadOnlySpan<char> text, ref IPAddress address)
    {
        Span<Range> ranges = stackalloc Range[5];
        if (text.Split(ranges, '.') != 4)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[4];
        for (var index = 0; index < 4; index++)
        {
            if (!TryParseNumber(text[ranges[index]], byte.MaxValue, out var number))
            {
                return false;
            }

            bytes[index] = (byte)number;
        }

        address = new IPAddress(bytes);
        return true;
    }

    // Stricter than the framework, which takes scopes, brackets and prefix lengths too.
    private static bool TryParseV6(ReadOnlySpan<char> text, ref IPAddress address)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiHexDigit(character) && character is not (':' or '.'))
            {
                return false;
            }
        }

        if (!text.Contains(':') || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed;
        return true;
    }

    private static bool TryParsePort(ReadOnlySpan<char> text, out int port) => TryParseNumber(text, ushort.MaxValue, out port);

    private static bool TryParseNumber(ReadOnlySpan<char> text, int most, out int number)
    {
        number = 0;
        if (text.IsEmpty || text.Length > 5 || (text.Length > 1 && text[0] == '0'))
        {
            return false;
        }

        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            number = (number * 10) + (digit - '0');
        }

        return number <= most;
    }
}
