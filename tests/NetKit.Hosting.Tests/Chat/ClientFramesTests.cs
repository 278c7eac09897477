using System.IO.Pipelines;
using System.Net.WebSockets;
using NetKit.Samples;

namespace NetKit.Tests.Chat;

/// <summary>What the frames of a client look like to who reads them once the server has cut it off, and where the connection broke by itself.</summary>
public sealed class ClientFramesTests : IDisposable
{
    private readonly Pipe _line = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1)); // what is sent was taken then
    private readonly ClientFrames _frames;
    private readonly WebSocket _socket;

    public ClientFramesTests()
    {
        _frames = new ClientFrames(_line.Reader.AsStream(), new OutgoingFrames(Stream.Null, TimeProvider.System), TimeProvider.System);
        _socket = WebSocket.CreateFromStream(_frames, isServer: true, subProtocol: null, keepAliveInterval: Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _frames.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_was_cut_off_between_its_frames_says_goodbye_as_it_were(bool isWhole)
    {
        var receiving = ReceiveAsync(100);
        await SendAsync(RawClient.Frame(1, "hello"u8.ToArray(), fin: isWhole));
        Assert.Equal(5, (await receiving).Count);
        receiving = ReceiveAsync(100);
        _frames.CutOff();
        Break();
        Assert.Equal(WebSocketMessageType.Close, (await receiving).MessageType);
        Assert.Equal(WebSocketState.CloseReceived, _socket.State);
    }

    [Fact]
    public async Task Who_begins_to_read_after_that_hears_the_goodbye_too()
    {
        _frames.CutOff();
        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(0)).MessageType);
    }

    [Fact]
    public async Task After_that_goodbye_the_connection_is_what_it_is()
    {
        _frames.CutOff();
        Assert.Equal(6, await ReadAsync());
        Break();
        await Assert.ThrowsAsync<IOException>(ReadAsync);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    public async Task A_client_that_was_cut_off_within_a_frame_is_lost(int sent)
    {
        byte[] head = [0x81, 0x86, 0x82, 0xAC, 0x20, 0xE2]; // with a mask that would make a text of a goodbye
        var receiving = ReceiveAsync(100);
        await SendAsync(head[..sent]);
        _frames.CutOff();
        Break();
        await Assert.ThrowsAsync<WebSocketException>(() => receiving);
    }

    [Fact]
    public async Task A_connection_that_broke_by_itself_is_lost()
    {
        var receiving = ReceiveAsync(100);
        Break();
        await Assert.ThrowsAsync<WebSocketException>(() => receiving);
    }

    private Task<WebSocketReceiveResult> ReceiveAsync(int buffer) => _socket.ReceiveAsync(new ArraySegment<byte>(new byte[buffer]), TestContext.Current.CancellationToken);

    private Task<int> ReadAsync() => _frames.ReadAsync(new byte[100], TestContext.Current.CancellationToken).AsTask();

    private async Task SendAsync(byte[] bytes) => await _line.Writer.WriteAsync(bytes, TestContext.Current.CancellationToken);

    private void Break() => _line.Writer.Complete(new IOException("The connection broke."));
}
