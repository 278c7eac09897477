using System.Net.Sockets;
using System.Text;

namespace NetKit.Tests.Hosting;

/// <summary>HTTP by hand, over a plain socket.</summary>
internal static class Talk
{
    public static async Task SendTextAsync(this Socket socket, string text) =>
        await socket.SendAsync(Encoding.ASCII.GetBytes(text).AsMemory()).Within();

    /// <summary>Receives until what has come contains the text so many times.</summary>
    public static async Task<string> ReceiveUntilAsync(this Socket socket, string text, int times = 1)
    {
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (received.ToString().Split(text).Length <= times)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory()).Within();
            Assert.True(count > 0, $"The server ended the connection after: {received}");
            received.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return received.ToString();
    }

    /// <summary>Receives until the server ends the connection.</summary>
    public static async Task<string> ReceiveToEndAsync(this Socket socket)
    {
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer.AsMemory()).Within() is > 0 and var count)
        {
            received.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return received.ToString();
    }

    /// <summary>Goes away without a word.</summary>
    public static void Reset(this Socket socket) => socket.Close(timeout: 0);
}
