using System.Buffers;
using System.Globalization;
using System.Text;

namespace NetKit.Samples;

/// <summary>Turns values into bytes.</summary>
internal static class RespEncoder
{
    public static ReadOnlyMemory<byte> Encode(RespValue value)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(output, value);
        return output.WrittenMemory;
    }

    private static void Write(ArrayBufferWriter<byte> output, RespValue value)
    {
        switch (value)
        {
            case RespValue.Simple { Text: var text }:
                WriteLine(output, $"+{OneLine(text)}");
                break;
            case RespValue.Error { Message: var message }:
                WriteLine(output, $"-{OneLine(message)}");
                break;
            case RespValue.Integer { Number: var number }:
                WriteLine(output, $":{number}");
                break;
            case RespValue.Bulk { Bytes: var bytes }:
                WriteLine(output, $"${bytes.Length}");
                output.Write(bytes);
                output.Write("\r\n"u8);
                break;
            case RespValue.Array { Items: var items }:
                WriteLine(output, $"*{items.Length}");
                foreach (var item in items)
                {
                    Write(output, item);
                }

                break;
            default:
                WriteLine(output, $"$-1");
                break;
        }
    }

    private static void WriteLine(ArrayBufferWriter<byte> output, FormattableString line) =>
        Encoding.UTF8.GetBytes(line.ToString(CultureInfo.InvariantCulture) + "\r\n", output);

    // Only a bulk string can hold an end of line.
    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
