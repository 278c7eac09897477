using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using CsCheck;

namespace NetKit.Tests.Connections;

/// <summary>Feeds the parser what nobody would write. NETKIT_PROXY_CASES sets how much; a failure prints its seed.</summary>
public sealed class ProxyHeaderFuzzTests
{
    private static readonly long s_cases =
        long.Parse(Environment.GetEnvironmentVariable("NETKIT_PROXY_CASES") ?? "20000", CultureInfo.InvariantCulture);

    private static readonly Gen<IPEndPoint> s_endPoint =
        from address in Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16])
        from port in Gen.UShort
        select new IPEndPoint(new IPAddress(address), port);

    private static readonly Gen<byte[]> s_valid =
        from source in s_endPoint
        from destination in s_endPoint
        from version in Gen.Int[1, 2]
        from values in Gen.Select(Gen.Byte, Gen.Byte.Array[0, 40]).Array[0, 4]
        select Write(new ProxyHeader(source, destination)
        {
            Version = version,

            // A checksum among them would have to hold.
            Values = [.. values.Select(static value => new KeyValuePair<byte, ReadOnlyMemory<byte>>((byte)(value.Item1 | 0x80), value.Item2))],
        });

    private static readonly Gen<byte[]> s_text =
        from fields in OneOf("PROXY", "TCP4", "TCP6", "UNKNOWN", "1.2.3.4", "::1", "65535", "0", " ", "\r", "\n", "\r\n", "x", "").Array[0, 20]
        select Encoding.ASCII.GetBytes(string.Join(' ', fields));

    // Valid, with bytes changed, left out or cut off; nearly a line; or noise behind a signature.
    private static readonly Gen<byte[]> s_any = Gen.OneOf(
        s_valid,
        from valid in s_valid
        from places in Gen.Select(Gen.Int[0, 60], Gen.Byte).Array[1, 4]
        select Changed(valid, places),
        from valid in s_valid
        from length in Gen.Int[0, 60]
        select valid[..Math.Min(length, valid.Length)],
        s_text,
        from noise in Gen.Byte.Array[0, 300]
        from command in OneOf<byte>(0x20, 0x21)
        from family in OneOf<byte>(0x00, 0x11, 0x12, 0x21, 0x31, 0x44)
        select (byte[])[.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, 0, .. noise]);

    [Fact]
    public void It_never_throws_never_looks_beyond_the_header_and_says_the_same_of_every_beginning() => s_any.Sample(
        static bytes =>
        {
            var status = ProxyHeader.Parse(bytes, out var header, out var consumed);
            Assert.Equal(status == OperationStatus.Done, header is not null);
            for (var count = 0; count <= bytes.Length; count++)
            {
                var beginning = ProxyHeader.Parse(bytes.AsSpan(0, count));
                if (status == OperationStatus.Done && count >= consumed)
                {
                    Assert.Equal((OperationStatus.Done, consumed), (beginning.Status, beginning.Length));
                }
                else if (status == OperationStatus.InvalidData && beginning.Status == OperationStatus.NeedMoreData)
                {
                    Assert.True(beginning.Length > count);
                }
                else
                {
                    Assert.Equal(status == OperationStatus.InvalidData ? status : OperationStatus.NeedMoreData, beginning.Status);

                    // What it asks for is never more than what is left of the header.
                    Assert.InRange(beginning.Length, beginning.Status == OperationStatus.NeedMoreData ? count + 1 : 0, status == OperationStatus.Done ? consumed : int.MaxValue);
                }
            }

            // What was once refused is refused for good.
            if (status == OperationStatus.InvalidData)
            {
                Assert.Equal(status, ProxyHeader.Parse([.. bytes, .. "\r\n"u8]).Status);
            }
        },
        iter: s_cases,
        print: Convert.ToHexString);

    [Fact]
    public void What_is_written_is_read_as_it_was() => s_valid.Sample(
        static bytes =>
        {
            Assert.Equal(OperationStatus.Done, ProxyHeader.Parse(bytes, out var header, out var consumed));
            Assert.Equal(bytes.Length, consumed);
            Assert.Equal(bytes, Write(header!));
        },
        iter: s_cases,
        print: Convert.ToHexString);

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static byte[] Write(ProxyHeader header)
    {
        var writer = new ArrayBufferWriter<byte>();
        header.WriteTo(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static byte[] Changed(byte[] bytes, (int Place, byte Value)[] places)
    {
        var changed = (byte[])bytes.Clone();
        foreach (var (place, value) in places)
        {
            changed[place % changed.Length] = value;
        }

        return changed;
    }
}
