using System.Globalization;
using System.Net;
using System.Net.Security;

namespace NetKit.Samples;

/// <summary>Dials a host and says how that went, then asks it for a page.</summary>
internal sealed class Client(Settings settings, DnsEndPoint host, Func<string, CancellationToken, ValueTask<IReadOnlyList<IPAddress>>>? resolve, TextWriter output)
{
    private readonly AttemptTable _attempts = new(TimeProvider.System);

    /// <summary>Dials through retries, with TLS as a part of the dial where it is asked for.</summary>
    public async Task DialAsync(CancellationToken cancellationToken)
    {
        var tls = settings.Tls ? new SslClientAuthenticationOptions() : null;
        try
        {
            await using var connection = await MakeDialer(tls, _attempts.Add).DialAsync(host, cancellationToken);
            _attempts.Print(output);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Connected to {EndPointText.Format(connection.RemoteEndPoint!)} after {_attempts.Elapsed.TotalMilliseconds:0} ms, in {_attempts.Count} attempt(s)."));
        }
        catch (DialException)
        {
            _attempts.Print(output);
            throw;
        }
    }

    /// <summary>Asks for the page, by an HttpClient whose connections are dialled in the same way. TLS is the handler's own affair there.</summary>
    public async Task GetPageAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler().UseDialer(MakeDialer(tls: null, onAttempt: null))) { Timeout = settings.Budget };
        var page = new UriBuilder(settings.Tls ? "https" : "http", host.Host, host.Port) { Path = settings.Path }.Uri;
        using var response = await http.GetAsync(page, cancellationToken);
        var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"HttpClient: {page} is {(int)response.StatusCode} {response.ReasonPhrase}, {content.Length} B."));
    }

    private RetryingDialer MakeDialer(SslClientAuthenticationOptions? tls, Action<DialAttempt>? onAttempt) => new(
        new Dialer(new DialerOptions { Tls = tls, Resolve = resolve, OnAttempt = onAttempt }),
        new RetryOptions { MaxRetryAttempts = settings.Retries, TotalTimeout = settings.Budget });
}
