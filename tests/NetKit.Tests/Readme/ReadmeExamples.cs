using System.Net;

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

    public static async Task<string> GetPageAsync(string host, int port, CancellationToken stop)
    {
        var dialer = new RetryingDialer(
            new Dialer(new DialerOptions { ConnectTimeout = TimeSpan.FromSeconds(5) }),   // name, connect, TLS: one deadline
            new RetryOptions { TotalTimeout = TimeSpan.FromSeconds(20) });                // and one for all rounds and waits
        using var http = new HttpClient(new SocketsHttpHandler().UseDialer(dialer));      // or: dialer.DialAsync(host, port, stop)
        return await http.GetStringAsync(new UriBuilder("http", host, port).Uri, stop);
    }
}
