using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetKit;

/// <summary>Says, ahead of a connection's own bytes, for whom a proxy has opened it: the PROXY protocol of HAProxy, versions 1 and 2.</summary>
/// <remarks>
/// Immutable. A server takes it off each connection by <see cref="ConnectionServerOptions"/>; a proxy writes it first, by <see cref="WriteTo"/>.
/// The format is that of HAProxy's proxy-protocol.txt.
/// </remarks>
public sealed class ProxyHeader
{
    internal const byte AuthorityType = 0x02; // PP2_TYPE_AUTHORITY

    private readonly IReadOnlyList<KeyValuePair<byte, ReadOnlyMemory<byte>>> _values = [];
    private readonly int _version = 2;

    /// <summary>Names the client, and where it had connected to.</summary>
    /// <param name="source">The client's endpoint.</param>
    /// <param name="destination">The endpoint of the proxy that the client came to.</param>
    /// <exception cref="ArgumentException">They are not two IP endpoints, or two of Unix sockets.</exception>
    public ProxyHeader(EndPoint source, EndPoint destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        if ((source, destination) is not ((IPEndPoint, IPEndPoint) or (UnixDomainSocketEndPoint, UnixDomainSocketEndPoint)))
        {
            throw new ArgumentException($"A PROXY header names two IP endpoints or two Unix sockets, not {source} and {destination}.");
        }

        (Source, Destination) = (source, destination);
    }

    internal ProxyHeader(EndPoint? source, EndPoint? destination, bool isLocal) => (Source, Destination, IsLocal) = (source, destination, isLocal);

    // What a header brought has found room in one: more than beside the longest addresses, where its own are shorter.
    internal ProxyHeader(EndPoint? source, EndPoint? destination, IReadOnlyList<KeyValuePair<byte, ReadOnlyMemory<byte>>> values)
        : this(source, destination, isLocal: false) => _values = values;

    /// <summary>Gives the header of a connection that a proxy opens for itself, as for a health check: LOCAL, in version 1 UNKNOWN.</summary>
    public static ProxyHeader Local { get; } = new(source: null, destination: null, isLocal: true);

    /// <summary>Sets the version it came in or is written in. Default: 2. 1 or 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is neither.</exception>
    public int Version
    {
        get => _version;
        init => _version = value is 1 or 2 ? value : throw new ArgumentOutOfRangeException(nameof(Version), value, "Version must be 1 or 2.");
    }

    /// <summary>Tells whether the proxy opened the connection for itself. Version 1 cannot say so: there it is false.</summary>
    public bool IsLocal { get; }

    /// <summary>Names the client; null when the proxy did not say: for itself, or for what is neither a TCP client nor one of a Unix socket.</summary>
    public EndPoint? Source { get; }

    /// <summary>Names where the client had connected to; null when <see cref="Source"/> is.</summary>
    public EndPoint? Destination { get; }

    /// <summary>Gives what else the proxy says, by type and in its order (TLVs of version 2), without padding and checksum. Default: nothing.</summary>
    /// <remarks>Types are those of proxy-protocol.txt, section 2.2, and whatever a vendor has made up. Not written in version 1.</remarks>
    /// <exception cref="ArgumentException">
    /// They are longer than 65,319 bytes together, 3 bytes for each added: more than a header can hold. Or one is a checksum or padding, which are no values.
    /// </exception>
    public IReadOnlyList<KeyValuePair<byte, ReadOnlyMemory<byte>>> Values
    {
        get => _values;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Sum(static one => 3L + one.Value.Length) > ProxyHeaderV2.MostOfValues)
            {
                throw new ArgumentException(
                    $"The values of a PROXY header must not be longer than {ProxyHeaderV2.MostOfValues} bytes together, 3 bytes for each added.", nameof(Values));
            }

            if (value.Any(static one => one.Key is ProxyHeaderV2.Checksum or ProxyHeaderV2.Padding))
            {
                throw new ArgumentException("A checksum or padding is no value of a PROXY header.", nameof(Values));
            }

            _values = [.. value];
        }
    }

    /// <summary>Gives the host name that the client asked for (SNI, as a rule); null when the proxy did not say.</summary>
    public string? Authority
    {
        get
        {
            foreach (var (type, value) in _values)
            {
                if (type == AuthorityType)
                {
                    return Encoding.UTF8.GetString(value.Span);
                }
            }

            return null;
        }
    }

    /// <summary>Reads a header from the beginning of a connection's bytes.</summary>
    /// <param name="source">The bytes so far. What follows the header is not looked at.</param>
    /// <param name="header">The header; null unless <see cref="OperationStatus.Done"/>.</param>
    /// <param name="bytesConsumed">How long the header is; 0 unless <see cref="OperationStatus.Done"/>.</param>
    /// <returns>
    /// <see cref="OperationStatus.Done"/>; <see cref="OperationStatus.NeedMoreData"/>, while it may become a header;
    /// <see cref="OperationStatus.InvalidData"/>, once it cannot: it breaks the format, or its checksum does not hold.
    /// </returns>
    public static OperationStatus Parse(ReadOnlySpan<byte> source, out ProxyHeader? header, out int bytesConsumed)
    {
        var parsed = Parse(source);
        header = parsed.Header;
        bytesConsumed = parsed.Header is null ? 0 : parsed.Length;
        return parsed.Status;
    }

    /// <summary>Writes the header, which must come before everything else on a connection, in one piece.</summary>
    /// <param name="writer">Where to.</param>
    /// <remarks>An IPv4 endpoint beside one of IPv6 is written as IPv6. Version 1 knows no Unix sockets: they become UNKNOWN.</remarks>
    public void WriteTo(IBufferWriter<byte> writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (_version == 1)
        {
            ProxyHeaderV1.Write(this, writer);
        }
        else
        {
            ProxyHeaderV2.Write(this, writer);
        }
    }

    /// <summary>Describes the header: the client and where it had connected to.</summary>
    public override string ToString() => (IsLocal, Source, Destination) switch
    {
        (true, _, _) => "local",
        (_, { } source, { } destination) => $"{ErrorSentence.Format(source)} -> {ErrorSentence.Format(destination)}",
        _ => "unknown",
    };

    /// <summary>As the public one, and tells while bytes are missing how long the header is at least.</summary>
    internal static ProxyParse Parse(ReadOnlySpan<byte> source)
    {
        if (MayBegin(source, ProxyHeaderV2.Signature))
        {
            return ProxyHeaderV2.Parse(source);
        }

        return MayBegin(source, ProxyHeaderV1.Beginning) ? ProxyHeaderV1.Parse(source) : ProxyParse.Invalid;
    }

    /// <summary>The two endpoints as one family's: IPv4 where both are.</summary>
    internal static (IPEndPoint Source, IPEndPoint Destination) OfOneFamily(IPEndPoint source, IPEndPoint destination)
    {
        (source, destination) = (Unmapped(source), Unmapped(destination));
        return source.AddressFamily == destination.AddressFamily ? (source, destination) : (Mapped(source), Mapped(destination));
    }

    private static bool MayBegin(ReadOnlySpan<byte> source, ReadOnlySpan<byte> beginning)
    {
        var length = Math.Min(source.Length, beginning.Length);
        return source[..length].SequenceEqual(beginning[..length]);
    }

    private static IPEndPoint Unmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;

    private static IPEndPoint Mapped(IPEndPoint endPoint) => new(endPoint.Address.MapToIPv6(), endPoint.Port);
}
