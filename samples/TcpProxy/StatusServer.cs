using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

/// <summary>Serves what the proxy knows of itself by HTTP: a page or, for a terminal, a text at /, and /metrics for Prometheus. One request for each connection.</summary>
internal sealed class StatusServer : IAsyncDisposable
{
    private const string PlainText = "text/plain; charset=utf-8";

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
        var lines = head.Split("\r\n");
        var isBrowser = lines.Any(static line => line.StartsWith("Accept:", StringComparison.OrdinalIgnoreCase) && line.Contains("text/html", StringComparison.OrdinalIgnoreCase));
        return lines[0].Split(' ') switch
        {
            ["GET", var target, _] => target.Split('?')[0] switch
            {
                "/" when isBrowser => Answer("200 OK", "text/html; charset=utf-8", StatusPage.Of(StatusTable.Of(_proxy))),
                "/" => Answer("200 OK", PlainText, StatusText.Of(StatusTable.Of(_proxy))),
                "/metrics" => Answer("200 OK", PrometheusText.ContentType, ProxyMetrics.Of(_proxy, _instruments)),
                _ => Answer("404 Not Found", PlainText, "There are / and /metrics.\n"),
            },
            [_, _, _] => Answer("405 Method Not Allowed\r\nAllow: GET", PlainText, "Only GET is served here.\n"),
            _ => Answer("400 Bad Request", PlainText, "This is no HTTP request.\n"),
        };
    }

    private static byte[] Answer(string status, string type, string text) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\nConnection: close\r\n\r\n{text}"));
}
