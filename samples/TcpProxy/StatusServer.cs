using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

/// <summary>Serves what the proxy knows of itself by HTTP: a page at /, and /metrics for Prometheus. One request for each connection.</summary>
internal sealed class StatusServer : IAsyncDisposable
{
    private static readonly FrameFormat s_requestHead = FrameFormat.Delimiter("\r\n\r\n"u8, maxFrameSize: 8 * 1024);

    private readonly TcpProxy _proxy;
    private readonly InstrumentReadings _instruments = new();
    private readonly ConnectionServer _server;
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public StatusServer(ConnectionListener listener, TcpProxy proxy, ILoggerFactory loggerFactory)
    {
        _proxy = proxy;
        _server = new ConnectionServer(
            listener,
            AnswerAsync,
            new ConnectionServerOptions
            {
                MaxConnections = 100,
                LimitMode = ConnectionLimitMode.Reject,
                MaxConnectionLifetime = TimeSpan.FromSeconds(30),
                DrainTimeout = TimeSpan.FromSeconds(1),
            },
            loggerFactory);
    }

    public void Start() => _run = _server.RunAsync(_stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        await _server.DisposeAsync();
        _instruments.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync(Connection connection, CancellationToken stopping)
    {
        using var requests = new FrameReader(connection, s_requestHead);
        if (await requests.ReadAsync(stopping) is { } head)
        {
            await connection.WriteAsync(AnswerTo(Encoding.Latin1.GetString(head)), CancellationToken.None);
        }
    }

    private byte[] AnswerTo(string head)
    {
        var words = head.Split("\r\n")[0].Split(' ');
        var (status, type, text) = words switch
        {
            ["GET", "/", _] => ("200 OK", "text/plain; charset=utf-8", StatusPage.Of(_proxy)),
            ["GET", "/metrics", _] => ("200 OK", PrometheusText.ContentType, ProxyMetrics.Of(_proxy, _instruments)),
            ["GET", _, _] => ("404 Not Found", "text/plain", "There are / and /metrics.\n"),
            [_, _, _] => ("405 Method Not Allowed", "text/plain", "Only GET is served here.\n"),
            _ => ("400 Bad Request", "text/plain", "This is no HTTP request.\n"),
        };
        var length = Encoding.UTF8.GetByteCount(text);
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"));
    }
}
