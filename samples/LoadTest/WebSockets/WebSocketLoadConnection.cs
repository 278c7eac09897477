using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace NetKit.Samples;

/// <summary>Text messages on a WebSocket. Holds no buffer while it waits.</summary>
/// <remarks>
/// On NetKit's framing, with no layer between: on one machine with the server, each microsecond of it is missing there.
/// </remarks>
internal sealed class WebSocketLoadConnection(Connection connection, int mostLookedAt) : ILoadConnection
{
    private const int NormalClosure = 1000;
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(1);

    private readonly FrameReader _reader = new(connection, WebSocketFormat.Instance);
    private byte[] _frame = [];
    private volatile bool _hasSaidGoodbye; // which is the last thing that one says
    private ArrayBufferWriter<byte>? _begun; // a message that came in part

    public ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        if (_frame.Length < ClientFrame.MaxHeader + message.Length)
        {
            _frame = new byte[ClientFrame.MaxHeader + message.Length];
        }

        var length = ClientFrame.Write(_frame, WebSocketOpcode.Text, message.Span);
        return connection.WriteAsync(_frame.AsMemory(0, length));
    }

    public async ValueTask<bool> ReceiveAsync(ReceivedHandler isEnough)
    {
        while (await _reader.ReadAsync() is { } frame)
        {
            do
            {
                var payload = frame.Slice(Header(frame, out var opcode, out var isFinal));
                switch (opcode)
                {
                    case WebSocketOpcode.Text or WebSocketOpcode.Binary or WebSocketOpcode.Continuation:
                        if (IsEnough(payload, opcode, isFinal, isEnough))
                        {
                            return true;
                        }

                        break;
                    case WebSocketOpcode.Ping:
                        await connection.WriteAsync(ClientFrame.Make(WebSocketOpcode.Pong, payload.ToArray()));
                        break;
                    case WebSocketOpcode.Close:
                        var status = payload.ToArray();
                        if (!_hasSaidGoodbye)
                        {
                            await connection.WriteAsync(ClientFrame.Make(WebSocketOpcode.Close, status));
                        }

                        return EndOrThrow(status);
                }
            }
            while (_reader.TryRead(out frame));
        }

        return false;
    }

    public async ValueTask<bool> SayGoodbyeAsync()
    {
        _hasSaidGoodbye = true;

        // Also for a read that waits already.
        connection.WriteDeadline = connection.ReadDeadline = Deadline.After(s_farewell);
        var status = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(status, NormalClosure);
        await connection.WriteAsync(ClientFrame.Make(WebSocketOpcode.Close, status));
        return true;
    }

    public void Abort() => connection.Abort();

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        return connection.DisposeAsync();
    }

    private static int Header(in ReadOnlySequence<byte> frame, out WebSocketOpcode opcode, out bool isFinal)
    {
        Span<byte> start = stackalloc byte[2];
        frame.Slice(0, start.Length).CopyTo(start);
        opcode = (WebSocketOpcode)(start[0] & 0x0F);
        isFinal = (start[0] & 0x80) != 0;
        return WebSocketFormat.HeaderLength(start[1]);
    }

    private bool IsEnough(in ReadOnlySequence<byte> payload, WebSocketOpcode opcode, bool isFinal, ReceivedHandler isEnough)
    {
        if (isFinal && opcode != WebSocketOpcode.Continuation && payload.IsSingleSegment)
        {
            return isEnough(payload.FirstSpan);
        }

        // Of a long message it is the beginning that is looked at.
        _begun ??= new ArrayBufferWriter<byte>();
        foreach (var part in payload.Slice(0, Math.Min(payload.Length, mostLookedAt - _begun.WrittenCount)))
        {
            _begun.Write(part.Span);
        }

        if (!isFinal)
        {
            return false;
        }

        var message = _begun;
        _begun = null;
        return isEnough(message.WrittenSpan);
    }

    private static bool EndOrThrow(ReadOnlySpan<byte> payload) =>
        payload.Length < sizeof(ushort) || BinaryPrimitives.ReadUInt16BigEndian(payload) is var status && status == NormalClosure
            ? false
            : throw new ClosedByServerException(status, Encoding.UTF8.GetString(payload[sizeof(ushort)..]));
}
