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
                $"Connected to {EndPointText.Format(connection.RemoteEndPoint!)} after {_attempts.Elapsed.TotalMilliseconds:0} ms, in {Attempts(_attempts.Count)}."));
        }
        catch (DialException)
        {
            _attempts.Print(output);
            throw;
        }
    }

    /// <summary>Asks for the page, by an HttpClient whose connections are dialed in the same way. TLS is the handler's own affair there.</summary>
    public async Task GetPageAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler().UseDialer(MakeDialer(tls: null, onAttempt: null))) { Timeout = settings.Budget };
        var page = new UriBuilder(settings.Tls ? "https" : "http", host.Host, host.Port) { Path = settings.Path }.Uri;
        using var response = await http.GetAsync(page, cancellationToken);
        var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"HttpClient: {page} is {(int)response.StatusCode} {response.ReasonPhrase}, {content.Length} B."));
    }

    /// <summary>Says how a dial failed, in the words of this program: the table has the attempts.</summary>
    public string Describe(DialException failure) => string.Create(
        CultureInfo.InvariantCulture,
        $"cannot reach {EndPointText.Format(host)}: {(failure.InnerException ?? failure).Message}; {Attempts(failure.Attempts.Count)}, with --retries {settings.Retries} and --budget {settings.Budget.TotalSeconds:0.###}s");

    private static string Attempts(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} attempt{(count == 1 ? "" : "s")}");

    // A round may take a third of the budget: an address that swallows packets leaves time for the others, and for another round.
    private RetryingDialer MakeDialer(SslClientAuthenticationOptions? tls, Action<DialAttempt>? onAttempt) => new(
        new Dialer(new DialerOptions { ConnectTimeout = settings.Budget / 3, Tls = tls, Resolve = resolve, OnAttempt = onAttempt }),
        new RetryOptions { MaxRetryAttempts = settings.Retries, TotalTimeout = settings.Budget });
}
