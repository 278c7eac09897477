using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Threading.RateLimiting;

namespace NetKit.Tests.Readme;

/// <summary>The code of README.md, word for word, so that it compiles and runs.</summary>
internal static class ReadmeExamples
{
    public static async Task ServeEchoAsync(int port, CancellationToken stop)
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        await using var server = new ConnectionServer(listener, EchoAsync);
        await server.RunAsync(stop);                                 // until stopped; then it drains
    }

    private static async Task EchoAsync(Connection connection, CancellationToken stopping)
    {
        connection.ReadTimeout = 30_000;                             // hang up on a peer that is silent for 30 s
        await connection.CopyToAsync(connection, stopping);          // plain code, one call per connection
    }

    public static ConnectionServerOptions Exposed(PartitionedRateLimiter<IPAddress> perAddress) => new()
    {
        MaxConnections = 10_000,                                     // those beyond wait in the system's backlog, or LimitMode = Reject
        PerAddressLimiter = perAddress,                              // of System.Threading.RateLimiting, and yours; AcceptLimiter for all
        IdleTimeout = TimeSpan.FromMinutes(2),                       // nothing received or sent, or a write that is not taken
        MinReceiveRate = new MinDataRate(240, TimeSpan.FromSeconds(5)),   // B/s, after 5 s: for bodies and streams, not for who types lines
        MaxConnectionLifetime = TimeSpan.FromHours(8),
        DrainTimeout = TimeSpan.FromSeconds(30),                     // what is left then is reset
    };

    public static ConnectionServerOptions Secured(string folder)
    {
        var certificate = ServerCertificate.FromPemFiles($"{folder}/tls.crt", $"{folder}/tls.key");
        return new ConnectionServerOptions
        {
            TlsSelector = certificate.CreateSelector(),                              // replaced on disk: served within a second
            HandshakeTimeout = TimeSpan.FromSeconds(5),                              // from accept to handler, all together
            ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [IPNetwork.Parse("10.0.0.0/8")] },
        };
    }

    public static async Task<int> ReadPatientlyAsync(Connection connection, Memory<byte> buffer)
    {
        connection.ReadDeadline = Deadline.After(TimeSpan.FromMilliseconds(100));
        try
        {
            return await connection.ReadAsync(buffer);
        }
        catch (DeadlineExceededException)                            // nothing is lost, nothing is broken:
        {
            connection.ReadDeadline = Deadline.After(TimeSpan.FromSeconds(30));
            return await connection.ReadAsync(buffer);               // the very next byte
        }
    }

    public static async Task EchoFramesAsync(Connection connection, CancellationToken stopping)
    {
        var format = FrameFormat.LengthPrefix();                     // or VarintPrefix(), Delimiter("\n"u8), a header of your own
        using var reader = new FrameReader(connection, format) { FrameTimeout = TimeSpan.FromSeconds(5) };
        var writer = new FrameWriter(connection, format);
        await foreach (var frame in reader.ReadAllAsync(stopping))   // shown where it was received; ends when the peer has finished
        {
            await writer.WriteAsync(frame, stopping);                // header and frame in one system call
        }
    }

    public static async Task ListenAsync(Broadcaster<byte[]> room, Connection connection, CancellationToken stopping)
    {
        using var subscription = room.Subscribe(capacity: 256);      // who falls 256 behind is let go: SlowConsumerException
        await foreach (var message in subscription.ReadAllAsync(stopping))
        {
            await connection.WriteAsync(message, stopping);          // encoded once, sent to each
        }
    }

    public static async Task<string> GetPageAsync(string host, int port, CancellationToken stop)
    {
        var dialer = new RetryingDialer(
            new Dialer(new DialerOptions { ConnectTimeout = TimeSpan.FromSeconds(5) }),   // name, connect, TLS: one deadline
            new RetryOptions { TotalTimeout = TimeSpan.FromSeconds(20), MaxRetryAttempts = int.MaxValue });   // again for 20 s
        using var http = new HttpClient(new SocketsHttpHandler().UseDialer(dialer));      // or: dialer.DialAsync(host, port, stop)
        return await http.GetStringAsync(new UriBuilder("http", host, port).Uri, stop);
    }

    public static async Task<byte[]> AskAsync(ConnectionPool pool, byte[] question, CancellationToken stop)
    {
        return await pool.UseAsync(
            async (connection, token) =>
            {
                connection.SetDeadline(Deadline.After(TimeSpan.FromSeconds(2)));          // for the whole exchange
                await connection.WriteAsync(question, token);
                var length = new byte[2];
                await connection.ReadExactlyAsync(length, token);                         // no reader that takes more than its own:
                var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await connection.ReadExactlyAsync(answer, token);                         // the pool closes what has bytes unread
                return answer;                                                            // and whatever throws
            },
            stop);
    }

    public static async Task<int> ReadInTimeAsync(Connection connection, Memory<byte> buffer, AdaptiveTimeout adaptive)
    {
        var asked = Stopwatch.GetTimestamp();
        connection.ReadDeadline = adaptive.NextDeadline();               // in 30 s, the maximum, until 20 samples have come
        try
        {
            var count = await connection.ReadAsync(buffer);
            adaptive.Record(Stopwatch.GetElapsedTime(asked));
            return count;
        }
        catch (DeadlineExceededException)
        {
            adaptive.RecordTimeout();                                    // or it never learns that it was too short
            throw;
        }
    }

    public static async Task ServeUntilInterruptedAsync(int port)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => { signal.Cancel = true; stop.Cancel(); });
        await ServeEchoAsync(port, stop.Token);
    }
}
