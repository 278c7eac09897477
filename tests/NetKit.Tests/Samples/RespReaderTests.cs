using System.Text;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

public sealed class RespReaderTests
{
    // A length that is less than what follows it, and bytes of every kind.
    private static readonly byte[] s_anything = [.. Enumerable.Range(0, 256).Select(value => (byte)value), 13, 10];

    private static readonly RespValue[] s_values =
    [
        RespValue.Ok,
        new RespValue.Simple(""),
        new RespValue.Error("ERR unknown command"),
        new RespValue.Integer(0),
        new RespValue.Integer(long.MinValue),
        new RespValue.Integer(long.MaxValue),
        new RespValue.Bulk([]),
        new RespValue.Bulk(s_anything),
        RespValue.Bulk.Of(new string('x', 100_000)),
        RespValue.Nil.Value,
        new RespValue.Array([]),
        new RespValue.Array([RespValue.Nil.Value, new RespValue.Array([new RespValue.Integer(7)]), RespValue.Bulk.Of("äöü €")]),
        RespValue.Command("SET", "key", "value"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    public async Task Values_are_read_as_they_were_written_however_they_are_cut(int piece)
    {
        var bytes = s_values.SelectMany(value => RespEncoder.Encode(value).ToArray()).ToArray();
        var (own, peer) = Connection.CreatePair();
        await using var connection = own;
        using var reader = new RespReader(connection);
        var writing = WriteAsync();

        foreach (var expected in s_values)
        {
            Assert.Equal(Bytes(expected), Bytes((await reader.ReadAsync(Token))!));
        }

        Assert.Null(await reader.ReadAsync(Token));
        Assert.False(reader.HasMore);
        await writing;

        async Task WriteAsync()
        {
            await using var writer = peer;
            foreach (var part in bytes.Chunk(piece))
            {
                await writer.WriteAsync(part, Token);
            }
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", "'H'")]
    [InlineData("\r\n", "empty")]
    [InlineData("+OK\n", "CR LF")]
    [InlineData(":12x\r\n", "\"12x\" is no integer")]
    [InlineData(":\r\n", "\"\" is no integer")]
    [InlineData(":9223372036854775808\r\n", "is no integer")]
    [InlineData("$-2\r\n", "a length is -2")]
    [InlineData("$16777217\r\n", "a length is 16777217")]
    [InlineData("$3\r\nabcd\r\n", "'d'")]
    [InlineData("$3\r\nabc\rx", "'x'")]
    [InlineData("*-5\r\n", "a length is -5")]
    [InlineData("*65537\r\n", "a length is 65537")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "more than 8 deep")]
    public async Task Malformed_input_is_refused_by_what_is_wrong_with_it(string input, string complaint)
    {
        var exception = await Assert.ThrowsAsync<RespFormatException>(() => ReadAsync(input));

        Assert.Contains(complaint, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_without_end_is_given_up()
    {
        var exception = await Assert.ThrowsAsync<RespFormatException>(() => ReadAsync("+" + new string('x', 100_000)));

        Assert.Contains("longer than", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+O")]
    [InlineData("$5\r\nab")]
    [InlineData("$2\r\nab")]
    [InlineData("$2\r\nab\r")]
    [InlineData("*2\r\n:1\r\n")]
    public async Task End_within_a_value_is_told_from_the_end_between_two(string input)
    {
        await Assert.ThrowsAsync<EndOfStreamException>(() => ReadAsync(input));
        Assert.Null(await ReadAsync(""));
    }

    private static async Task<RespValue?> ReadAsync(string input)
    {
        var (own, peer) = Connection.CreatePair();
        await using var connection = own;
        var writing = WriteAsync();
        try
        {
            using var reader = new RespReader(connection);
            return await reader.ReadAsync(Token);
        }
        finally
        {
            connection.Abort();
            await writing.IgnoringFailedConnection();
        }

        async Task WriteAsync()
        {
            await using var writer = peer;
            await writer.WriteAsync(Encoding.UTF8.GetBytes(input), Token);
        }
    }

    // Records compare arrays by reference; what they are written as says it all.
    private static byte[] Bytes(RespValue value) => RespEncoder.Encode(value).ToArray();
}
