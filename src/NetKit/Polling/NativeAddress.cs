using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>An IP address and port as the system tells them, without an object; nothing for addresses of other kinds.</summary>
internal readonly struct NativeAddress
{
    /// <summary>Room for any address that the system tells.</summary>
    public const int LargestSize = 128;

    private const ushort InterNetwork = 2; // AF_INET
    private const ushort InterNetworkV6 = 10; // AF_INET6

    private readonly ulong _upper; // two halves: a UInt128 would be aligned to more
    private readonly ulong _lower;
    private readonly uint _scope;
    private readonly ushort _port;
    private readonly ushort _family;

    private NativeAddress(ushort family, ushort port, UInt128 address, uint scope)
    {
        _family = family;
        _port = port;
        _upper = (ulong)(address >> 64);
        _lower = (ulong)address;
        _scope = scope;
    }

    /// <summary>Tells whether there is an address here.</summary>
    public bool IsKnown => _family != 0;

    /// <summary>The port.</summary>
    public int Port => _port;

    /// <summary>Reads a <c>sockaddr</c>.</summary>
    public static NativeAddress Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8)
        {
            return default;
        }

        var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return MemoryMarshal.Read<ushort>(bytes) switch
        {
            InterNetwork => new NativeAddress(InterNetwork, port, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), scope: 0),
            InterNetworkV6 when bytes.Length >= 28 => new NativeAddress(
                InterNetworkV6, port, BinaryPrimitives.ReadUInt128BigEndian(bytes[8..]), MemoryMarshal.Read<uint>(bytes[24..])),
            _ => default,
        };
    }

    /// <summary>Makes the endpoint; null for an address of another kind.</summary>
    public IPEndPoint? ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, new UInt128(_upper, _lower));
        return _family switch
        {
            InterNetwork => new IPEndPoint(new IPAddress(bytes[12..]), _port),
            InterNetworkV6 => new IPEndPoint(new IPAddress(bytes, _scope), _port),
            _ => null,
        };
    }
}
