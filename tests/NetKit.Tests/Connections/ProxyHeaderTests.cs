using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetKit.Tests.Connections;

/// <summary>Holds the parser to HAProxy's proxy-protocol.txt.</summary>
public sealed class ProxyHeaderTests
{
    // The worst case of section 2.1.
    private const string Longest =
        "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";

    private static readonly byte[] s_signature = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];
    private static readonly byte[] s_tcp4 = [192, 0, 2, 1, 198, 51, 100, 2, 0xDC, 0x04, 0x01, 0xBB];

    public static TheoryData<string, string?, string?> Lines => new()
    {
        { "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324", "192.168.0.11:443" },
        { "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0:0", "255.255.255.255:65535" },
        { "PROXY TCP6 2001:db8::1 ::1 56324 443\r\n", "[2001:db8::1]:56324", "[::1]:443" },
        { "PROXY TCP6 :: :: 0 0\r\n", "[::]:0", "[::]:0" },
        { "PROXY TCP6 FFFF:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
        { "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:2" },
        { "PROXY UNKNOWN\r\n", null, null },
        { "PROXY UNKNOWN \r\n", null, null },
        { "PROXY UNKNOWN what ever, to be ignored\r\n", null, null },
        { Longest, null, null },
    };

    public static TheoryData<string> BrokenLines =>
    [
        "GET / HTTP/1.1\r\n",
        "PROXY\r\n12345678",
        "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 4294967297 2\r\n", // 1, in 32 bits
        "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
        "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY UNKNOWNX\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8  1 2\r\n",
        "PROXY TCP4 1.2.3 5.6.7.8 1 22\r\n",
        "PROXY TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n",
        "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 0x1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 99999999999\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n",
        "PROXY TCP4 ::1 ::1 1 2 34567890\r\n",
        "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP6 fe80::1%1 ::1 1 2\r\n",
        "PROXY TCP6 [::1] ::1 1 2\r\n",
        "PROXY TCP6 ::1/64 ::1 1 2\r\n",
        "PROXY TCP6 ::1::2 ::1 1 2\r\n",
        "PROXY TCP6 :::1 ::1 1 2\r\n",
        Longest[..^2] + "0\r\n",
        "PROXY UNKNOWN " + new string('x', 200),
    ];

    public static TheoryData<string, byte[]> BrokenBytes => new()
    {
        { "version 1", Bytes(0x11, 0x11, s_tcp4) },
        { "version 3", Bytes(0x31, 0x11, s_tcp4) },
        { "an unknown command", Bytes(0x22, 0x11, s_tcp4) },
        { "an unknown family", Bytes(0x21, 0x41, s_tcp4) },
        { "an unknown transport", Bytes(0x21, 0x13, s_tcp4) },
        { "IPv4 of no transport", Bytes(0x21, 0x10, s_tcp4) },
        { "addresses cut short", Bytes(0x21, 0x11, s_tcp4[..11]) },
        { "no addresses", Bytes(0x21, 0x21, []) },
        { "IPv6 addresses cut short", Bytes(0x21, 0x21, new byte[35]) },
        { "paths cut short", Bytes(0x21, 0x31, new byte[215]) },
        { "a value without length", Bytes(0x21, 0x11, [.. s_tcp4, 0x01, 0x00]) },
        { "a value beyond the header", Bytes(0x21, 0x11, [.. s_tcp4, 0x01, 0x00, 0x02, 0xAA]) },
        { "a checksum that does not hold", Bytes(0x21, 0x11, [.. s_tcp4, 0x03, 0x00, 0x04, 1, 2, 3, 4]) },
        { "a checksum of the wrong size", Bytes(0x21, 0x11, [.. s_tcp4, 0x03, 0x00, 0x03, 1, 2, 3]) },
        { "another signature", [.. s_signature[..11], 0x0B, 0x21, 0x11, 0x00, 0x00] },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_line_names_the_client_and_where_it_had_connected_to(string line, string? source, string? destination)
    {
        var header = ParseWhole(Encoding.ASCII.GetBytes(line));
        Assert.Equal((source, destination), (header.Source?.ToString(), header.Destination?.ToString()));
        Assert.Equal(1, header.Version);
        Assert.False(header.IsLocal);
    }

    [Theory]
    [InlineData("PROXY TCP4 1.1.1.1 2.2.2.2 0 0\r\n")]
    [InlineData("PROXY TCP4 255.255.255.255 2.2.2.2 65535 0\r\n")]
    [InlineData("PROXY TCP6 ::1 :: 0 0\r\n")]
    [InlineData("PROXY UNKNOWN\r\n")]
    public void However_short_the_rest_of_a_line_is_no_more_is_asked_for(string line)
    {
        var bytes = Encoding.ASCII.GetBytes(line);
        for (var length = 0; length < bytes.Length; length++)
        {
            var parsed = ProxyHeader.Parse(bytes.AsSpan(0, length));
            Assert.Equal(OperationStatus.NeedMoreData, parsed.Status);
            Assert.InRange(parsed.Length, length + 1, bytes.Length);
        }
    }

    [Theory]
    [MemberData(nameof(BrokenLines))]
    public void A_line_that_breaks_the_format_is_refused(string line) => AssertInvalid(Encoding.ASCII.GetBytes(line));

    [Theory]
    [MemberData(nameof(BrokenBytes))]
    public void Bytes_that_break_the_format_are_refused(string what, byte[] header)
    {
        Assert.NotEmpty(what);
        AssertInvalid(header);
    }

    [Fact]
    public void Bytes_name_the_client_by_IPv4_or_IPv6()
    {
        var four = ParseWhole(Bytes(0x21, 0x11, s_tcp4));
        Assert.Equal("192.0.2.1:56324 -> 198.51.100.2:443", four.ToString());
        Assert.Equal(2, four.Version);

        byte[] addresses = [.. IPAddress.Parse("2001:db8::1").GetAddressBytes(), .. IPAddress.IPv6Loopback.GetAddressBytes(), 0, 1, 0, 2];
        var six = ParseWhole(Bytes(0x21, 0x21, addresses));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("2001:db8::1"), 1), six.Source);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 2), six.Destination);
    }

    [Fact]
    public void Bytes_name_Unix_sockets_by_path_by_abstract_name_or_not_at_all()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Abstract names are Linux's.");
        var header = ParseWhole(Bytes(0x21, 0x31, [.. Path("/run/client"), .. Path("\0abstract")]));
        Assert.Equal(new UnixDomainSocketEndPoint("/run/client"), header.Source);
        Assert.Equal(new UnixDomainSocketEndPoint("\0abstract"), header.Destination);

        var unnamed = ParseWhole(Bytes(0x21, 0x31, [.. Path(""), .. Path(new string('x', 108))]));
        Assert.NotNull(unnamed.Source);
        Assert.Equal(new string('x', 108), unnamed.Destination!.ToString());
        ParseWhole(Bytes(0x21, 0x31, [.. Enumerable.Repeat((byte)0xFF, 216)]));
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x12)]
    [InlineData(0x22)]
    [InlineData(0x32)]
    public void A_client_that_is_no_stream_is_not_named(byte family)
    {
        var header = ParseWhole(Bytes(0x21, family, [1, 2, 3]));
        Assert.Null(header.Source);
        Assert.Null(header.Destination);
        Assert.False(header.IsLocal);
    }

    [Theory]
    [InlineData(0x00, 0)]
    [InlineData(0x11, 12)]
    [InlineData(0xFF, 7)]
    public void Of_a_connection_of_its_own_all_that_the_proxy_says_is_ignored(byte family, int length)
    {
        var header = ParseWhole(Bytes(0x20, family, new byte[length]));
        Assert.True(header.IsLocal);
        Assert.Null(header.Source);
    }

    [Fact]
    public void Values_are_given_in_their_order_without_padding_and_checksum()
    {
        byte[] body = [.. s_tcp4, 0x04, 0, 2, 9, 9, 0x02, 0, 4, .. "host"u8, 0x03, 0, 4, 0, 0, 0, 0, 0xEA, 0, 0];
        var bytes = Bytes(0x21, 0x11, body);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(bytes.Length - 7), Crc32C(bytes));
        var header = ParseWhole(bytes);
        Assert.Equal([0x02, 0xEA], header.Values.Select(static value => value.Key));
        Assert.Equal("host", header.Authority);
        Assert.Empty(header.Values[1].Value.ToArray());

        for (var index = 16; index < bytes.Length; index++)
        {
            if (index == bytes.Length - 10)
            {
                // The checksum's own type: without it, there is none.
                continue;
            }

            var damaged = (byte[])bytes.Clone();
            damaged[index] ^= 0x10;
            Assert.Equal(OperationStatus.InvalidData, ProxyHeader.Parse(damaged, out _, out _));
        }
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Abstract names are Linux's.");
        IPEndPoint four = new(IPAddress.Parse("192.0.2.1"), 1), six = new(IPAddress.Parse("2001:db8::1"), 65535);
        IPEndPoint mapped = new(four.Address.MapToIPv6(), four.Port);
        KeyValuePair<byte, ReadOnlyMemory<byte>>[] values = [new(0x02, "host"u8.ToArray()), new(0xE0, new byte[300]), new(0xE0, default)];
        AssertWritten(new ProxyHeader(four, four) { Values = values }, four, four);
        AssertWritten(new ProxyHeader(six, six), six, six);
        AssertWritten(new ProxyHeader(mapped, four), four, four);
        AssertWritten(new ProxyHeader(four, six), mapped, six);
        AssertWritten(new ProxyHeader(four, six) { Version = 1 }, mapped, six);
        AssertWritten(new ProxyHeader(mapped, four) { Version = 1 }, four, four);
        UnixDomainSocketEndPoint path = new("/run/x"), name = new("\0name");
        AssertWritten(new ProxyHeader(path, name), path, name);
        AssertWritten(new ProxyHeader(path, name) { Version = 1 }, null, null);
        AssertWritten(ProxyHeader.Local, null, null);
    }

    [Fact]
    public void As_many_values_as_a_header_can_hold_are_read_and_written_again()
    {
        var bytes = Bytes(0x21, 0x11, [.. s_tcp4, 0xE0, 0xFF, 0xF0, .. new byte[0xFFF0]]);
        Assert.Equal(16 + ushort.MaxValue, bytes.Length);
        Assert.Equal(OperationStatus.Done, ProxyHeader.Parse(bytes, out var header, out var consumed));
        Assert.Equal((bytes.Length, 0xFFF0), (consumed, Assert.Single(header!.Values).Value.Length));
        var writer = new ArrayBufferWriter<byte>();
        header.WriteTo(writer);
        Assert.Equal(bytes, writer.WrittenSpan);
    }

    [Fact]
    public void A_header_that_makes_no_sense_cannot_be_made()
    {
        var ip = new IPEndPoint(IPAddress.Loopback, 1);
        Assert.Throws<ArgumentException>(() => new ProxyHeader(ip, new UnixDomainSocketEndPoint("/x")));
        Assert.Throws<ArgumentException>(() => new ProxyHeader(new DnsEndPoint("a", 1), ip));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProxyHeader(ip, ip) { Version = 3 });
        Assert.Throws<ArgumentException>(() => new ProxyHeader(ip, ip) { Values = [new(1, new byte[65_319 - 3 + 1])] });
        Assert.Single(new ProxyHeader(ip, ip) { Values = [new(1, new byte[65_319 - 3])] }.Values);
        Assert.Throws<ArgumentException>(() => new ProxyHeader(ip, ip) { Values = [new(3, new byte[4])] });
    }

    private static void AssertWritten(ProxyHeader header, EndPoint? source, EndPoint? destination)
    {
        var writer = new ArrayBufferWriter<byte>();
        header.WriteTo(writer);
        var read = ParseWhole(writer.WrittenSpan.ToArray());
        Assert.Equal((header.Version, header.IsLocal, source, destination), (read.Version, read.IsLocal, read.Source, read.Destination));
        Assert.Equal(
            header.Values.Select(static value => (value.Key, Convert.ToHexString(value.Value.Span))),
            read.Values.Select(static value => (value.Key, Convert.ToHexString(value.Value.Span))));
    }

    /// <summary>Reads a valid header: whatever follows it, and from each of its beginnings on.</summary>
    private static ProxyHeader ParseWhole(byte[] bytes)
    {
        for (var count = 0; count < bytes.Length; count++)
        {
            Assert.Equal(OperationStatus.NeedMoreData, ProxyHeader.Parse(bytes.AsSpan(0, count), out var none, out var nothing));
            Assert.Null(none);
            Assert.Equal(0, nothing);
            Assert.InRange(ProxyHeader.Parse(bytes.AsSpan(0, count)).Length, count + 1, bytes.Length);
        }

        Assert.Equal(OperationStatus.Done, ProxyHeader.Parse([.. bytes, .. "\r\nPROXY"u8], out var header, out var consumed));
        Assert.Equal(bytes.Length, consumed);
        return header!;
    }

    private static void AssertInvalid(byte[] bytes)
    {
        Assert.Equal(OperationStatus.InvalidData, ProxyHeader.Parse(bytes, out var header, out var consumed));
        Assert.Null(header);
        Assert.Equal(0, consumed);
    }

    private static byte[] Bytes(byte command, byte family, byte[] body) =>
        [.. s_signature, command, family, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static byte[] Path(string path)
    {
        var bytes = new byte[108];
        Encoding.UTF8.GetBytes(path, bytes);
        return bytes;
    }

    // Bit by bit, as the standard defines it: not the way of the library.
    private static uint Crc32C(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78;
            }
        }

        return ~crc;
    }
}
