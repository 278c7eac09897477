using System.Text;

namespace NetKit.Samples;

/// <summary>The one page of the server: enough of HTTP/1.1 to be asked for it, again and again on one connection.</summary>
internal static class Page
{
    private const int LongestRequest = 8 * 1024;

    private static readonly byte[] s_found = Response("200 OK", "Here at last.\n");
    private static readonly byte[] s_tooLarge = Response("431 Request Header Fields Too Large", "");

    public static async Task ServeAsync(Connection connection, CancellationToken stopping)
    {
        connection.ReadTimeout = 30_000;
        var buffer = new byte[LongestRequest];
        var filled = 0;
        while (await connection.ReadAsync(buffer.AsMemory(filled), stopping) is var count and > 0)
        {
            filled += count;
            for (int end; (end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) >= 0;)
            {
                await connection.WriteAsync(s_found, stopping);
                filled -= end + 4;
                buffer.AsSpan(end + 4, filled).CopyTo(buffer);
            }

            if (filled == buffer.Length)
            {
                await connection.WriteAsync(s_tooLarge, stopping);
                return;
            }
        }
    }

    private static byte[] Response(string status, string text) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\n\r\n{text}");
}
