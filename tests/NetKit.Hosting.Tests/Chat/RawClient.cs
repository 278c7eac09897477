using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetKit.Tests.Chat;

/// <summary>A client that may send anything, also what no WebSocket library would.</summary>
internal sealed class RawClient(Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    public EndPoint LocalEndPoint => socket.LocalEndPoint!;

    public static string Handshake(string path = "/ws", string method = "GET", string version = "13", string key = "AAAAAAAAAAAAAAAAAAAAAA==", string more = "", bool upgrade = true) =>
        $"{method} {path} HTTP/1.1\r\nHost: chat\r\n{(upgrade ? "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" : "")}"
        + $"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n{more}\r\n";

    /// <summary>Makes a frame, masked unless it shall not be.</summary>
    public static byte[] Frame(int opcode, byte[] payload, bool fin = true, bool masked = true, int reserved = 0)
    {
        using var frame = new MemoryStream();
        frame.WriteByte((byte)((fin ? 0x80 : 0) | (reserved << 4) | opcode));
        var mask = masked ? 0x80 : 0;
        if (payload.Length < 126)
        {
            frame.WriteByte((byte)(mask | payload.Length));
        }
        else
        {
            frame.WriteByte((byte)(mask | 127));
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
            frame.Write(length);
        }

        byte[] key = [1, 2, 3, 4];
        if (masked)
        {
            frame.Write(key);
        }

        frame.Write([.. payload.Select((value, index) => masked ? (byte)(value ^ key[index % 4]) : value)]);
        return frame.ToArray();
    }

    public static byte[] Close(int code, string reason = "") => Frame(8, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)]);

    public async Task SendAsync(byte[] bytes) => await _stream.WriteAsync(bytes).AsTask().Within();

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Reads the head of a response: its status and its headers.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await _stream.ReadAsync(one).Within() == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    /// <summary>Opens a WebSocket.</summary>
    public async Task UpgradeAsync(string path = "/ws?room=raw")
    {
        await SendAsync(Handshake(path));
        Assert.StartsWith("HTTP/1.1 101 ", await ReadHeadAsync(), StringComparison.Ordinal);
    }

    /// <summary>Opens a WebSocket, and waits to be in the room.</summary>
    public async Task JoinAsync(string room)
    {
        await UpgradeAsync($"/ws?room={room}");
        await ReadUntilTextAsync("\"welcome\"");
    }

    public async Task<(int Opcode, byte[] Payload)> ReadFrameAsync()
    {
        var head = await ReadAsync(2);
        Assert.Equal(0, head[1] & 0x80); // a server never masks
        var length = head[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2)),
            127 => checked((int)BinaryPrimitives.ReadInt64BigEndian(await ReadAsync(8))),
            var small => small,
        };
        return (head[0] & 0x0F, await ReadAsync(length));
    }

    /// <summary>Reads to a frame that has a text in it.</summary>
    public async Task ReadUntilTextAsync(string text)
    {
        while (!Encoding.UTF8.GetString((await ReadFrameAsync()).Payload).Contains(text, StringComparison.Ordinal))
        {
        }
    }

    /// <summary>Reads to the server's goodbye, and gives its code.</summary>
    public async Task<int> ReadCloseAsync()
    {
        while (true)
        {
            var (opcode, payload) = await ReadFrameAsync();
            if (opcode == 8)
            {
                return payload.Length == 0 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload);
            }
        }
    }

    /// <summary>Waits for the end of the connection, and tells whether it was a polite one.</summary>
    public async Task<bool> IsClosedPolitelyAsync()
    {
        try
        {
            var buffer = new byte[4096];
            while (await _stream.ReadAsync(buffer).Within() > 0)
            {
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose() => _stream.Dispose();

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes).Within();
        return bytes;
    }
}
