using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace NetKit;

/// <summary>The PROXY header in bytes: a signature, command and family, a length, the addresses, and values by type.</summary>
internal static class ProxyHeaderV2
{
    public const int PrefixLength = 16;

    /// <summary>What is left for values beside the longest addresses.</summary>
    public const int MostOfValues = ushort.MaxValue - (2 * UnixPathLength);

    public const byte Checksum = 0x03; // PP2_TYPE_CRC32C
    public const byte Padding = 0x04; // PP2_TYPE_NOOP

    private const int UnixPathLength = 108;
    private const int UnixPathOffset = 2; // in a sockaddr_un

    private static readonly UnixDomainSocketEndPoint s_anyUnix = new("/");

    private enum Family : byte
    {
        Unknown = 0x00,
        Tcp4 = 0x11,
        Udp4 = 0x12,
        Tcp6 = 0x21,
        Udp6 = 0x22,
        UnixStream = 0x31,
        UnixDatagram = 0x32,
    }

    public static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    public static ProxyParse Parse(ReadOnlySpan<byte> source)
    {
        if (source.Length < PrefixLength)
        {
            var isValid = source.Length <= Signature.Length || source[Signature.Length] is 0x20 or 0x21;
            return isValid ? ProxyParse.AtLeast(source.Length < ProxyParse.Shortest ? ProxyParse.Shortest : PrefixLength) : ProxyParse.Invalid;
        }

        var (command, family) = (source[12], (Family)source[13]);
        var length = PrefixLength + BinaryPrimitives.ReadUInt16BigEndian(source[14..]);
        if (command is not (0x20 or 0x21) || (command == 0x21 && !Enum.IsDefined(family)))
        {
            return ProxyParse.Invalid;
        }

        if (source.Length < length)
        {
            return ProxyParse.AtLeast(length);
        }

        var header = command == 0x20 ? ProxyHeader.Local : Parse(family, source[..length]);
        return header is null ? ProxyParse.Invalid : ProxyParse.Done(header, length);
    }

    public static void Write(ProxyHeader header, IBufferWriter<byte> writer)
    {
        var (family, addresses) = AddressesOf(header);
        var length = addresses.Length + header.Values.Sum(static value => 3 + value.Value.Length);
        var bytes = writer.GetSpan(PrefixLength + length);
        Signature.CopyTo(bytes);
        bytes[12] = (byte)(header.IsLocal ? 0x20 : 0x21);
        bytes[13] = (byte)family;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[14..], (ushort)length);
        addresses.CopyTo(bytes[PrefixLength..]);
        var rest = bytes[(PrefixLength + addresses.Length)..];
        foreach (var (type, value) in header.Values)
        {
            rest[0] = type;
            BinaryPrimitives.WriteUInt16BigEndian(rest[1..], (ushort)value.Length);
            value.Span.CopyTo(rest[3..]);
            rest = rest[(3 + value.Length)..];
        }

        writer.Advance(PrefixLength + length);
    }

    private static ProxyHeader? Parse(Family family, ReadOnlySpan<byte> header)
    {
        var rest = header[PrefixLength..];
        var addressLength = AddressLength(family);
        if (addressLength == 0)
        {
            // Of a client that we could not serve. A receiver goes by the connection's own endpoints then.
            return new ProxyHeader(source: null, destination: null, isLocal: false);
        }

        if (rest.Length < 2 * addressLength || ParseValues(header, PrefixLength + (2 * addressLength)) is not { } values)
        {
            return null;
        }

        if (family == Family.UnixStream)
        {
            var (from, to) = (UnixEndPoint(rest[..UnixPathLength]), UnixEndPoint(rest.Slice(UnixPathLength, UnixPathLength)));
            return new ProxyHeader(to is null ? null : from, from is null ? null : to, values);
        }

        // The two addresses come first, then the two ports.
        var size = addressLength - 2;
        var ports = rest[(2 * size)..];
        return new ProxyHeader(
            new IPEndPoint(new IPAddress(rest[..size]), BinaryPrimitives.ReadUInt16BigEndian(ports)),
            new IPEndPoint(new IPAddress(rest[size..(2 * size)]), BinaryPrimitives.ReadUInt16BigEndian(ports[2..])),
            values);
    }

    /// <summary>How long one endpoint is, port included; 0 for those that are not told.</summary>
    private static int AddressLength(Family family) => family switch
    {
        Family.Tcp4 => 4 + 2,
        Family.Tcp6 => 16 + 2,
        Family.UnixStream => UnixPathLength,
        _ => 0,
    };

    /// <summary>The values at the end of a header; null when they do not fill it exactly, or its checksum does not hold.</summary>
    private static List<KeyValuePair<byte, ReadOnlyMemory<byte>>>? ParseValues(ReadOnlySpan<byte> header, int start)
    {
        List<KeyValuePair<byte, ReadOnlyMemory<byte>>> values = [];
        while (start < header.Length)
        {
            var rest = header[start..];
            if (rest.Length < 3 || BinaryPrimitives.ReadUInt16BigEndian(rest[1..]) is var length && rest.Length < 3 + length)
            {
                return null;
            }

            var type = rest[0];
            var value = rest.Slice(3, length);
            if (type == Checksum)
            {
                if (length != sizeof(uint) || BinaryPrimitives.ReadUInt32BigEndian(value) != ChecksumOf(header, start + 3))
                {
                    return null;
                }
            }
            else if (type != Padding)
            {
                values.Add(new(type, value.ToArray()));
            }

            start += 3 + length;
        }

        return values;
    }

    /// <summary>CRC-32C of the header, with its own place taken for zero.</summary>
    private static uint ChecksumOf(ReadOnlySpan<byte> header, int place)
    {
        var crc = uint.MaxValue;
        for (var index = 0; index < header.Length; index++)
        {
            var isInPlace = index >= place && index < place + sizeof(uint);
            crc = BitOperations.Crc32C(crc, isInPlace ? (byte)0 : header[index]);
        }

        return ~crc;
    }

    /// <summary>The endpoint of a path, or of an abstract name, which begins with a zero; null where this system knows none so long.</summary>
    private static UnixDomainSocketEndPoint? UnixEndPoint(ReadOnlySpan<byte> path)
    {
        var isAbstract = path[0] == 0;
        var end = isAbstract ? path.LastIndexOfAnyExcept((byte)0) + 1 : path.IndexOf((byte)0);
        path = end < 0 ? path : path[..end];
        try
        {
            var address = new SocketAddress(AddressFamily.Unix, UnixPathOffset + path.Length);
            path.CopyTo(address.Buffer.Span[UnixPathOffset..]);
            return (UnixDomainSocketEndPoint)s_anyUnix.Create(address);
        }
        catch (Exception exception) when (exception is ArgumentException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    private static (Family Family, byte[] Addresses) AddressesOf(ProxyHeader header)
    {
        switch (header)
        {
            case { Source: IPEndPoint from, Destination: IPEndPoint to }:
                (from, to) = ProxyHeader.OfOneFamily(from, to);
                var ports = new byte[4];
                BinaryPrimitives.WriteUInt16BigEndian(ports, (ushort)from.Port);
                BinaryPrimitives.WriteUInt16BigEndian(ports.AsSpan(2), (ushort)to.Port);
                var family = from.AddressFamily == AddressFamily.InterNetwork ? Family.Tcp4 : Family.Tcp6;
                return (family, [.. from.Address.GetAddressBytes(), .. to.Address.GetAddressBytes(), .. ports]);

            case { Source: UnixDomainSocketEndPoint from, Destination: UnixDomainSocketEndPoint to }:
                var paths = new byte[2 * UnixPathLength];
                CopyPath(from, paths);
                CopyPath(to, paths.AsSpan(UnixPathLength));
                return (Family.UnixStream, paths);

            default:
                return (Family.Unknown, []);
        }
    }

    private static void CopyPath(UnixDomainSocketEndPoint endPoint, Span<byte> path)
    {
        var address = endPoint.Serialize();
        var bytes = address.Buffer.Span[UnixPathOffset..address.Size];
        bytes[..Math.Min(bytes.Length, path.Length)].CopyTo(path);
    }
}
