using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using NetKit;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(Settings.Usage);
    return 0;
}

try
{
    await RunAsync(Settings.Parse(args));
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"EchoServer: {e.Message} See --help.");
    return 2;
}
catch (ConnectionException e)
{
    Console.Error.WriteLine($"EchoServer: {e.Message}; choose another with --listen");
    return 1;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
{
    Console.Error.WriteLine($"EchoServer: no certificate: {e.Message}");
    return 1;
}

static async Task RunAsync(Settings settings)
{
    using var loggerFactory = LoggerFactory.Create(logging => logging.AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "HH:mm:ss.fff ";
    }));

    var certificate = settings.Certificate is { } file ? ServerCertificate.FromPemFiles(file, settings.Key, loggerFactory: loggerFactory) : null;
    await using var perAddress = settings.MaxPerAddress is { } permits ? EachAddress(permits) : null;
    await using var listener = ConnectionListener.Bind(settings.Listen, loggerFactory: loggerFactory);
    await using var server = new ConnectionServer(
        listener,
        new Echo(settings.IdleTimeout, loggerFactory.CreateLogger("EchoServer")).HandleAsync,
        new ConnectionServerOptions
        {
            MaxConnections = settings.MaxConnections,
            LimitMode = settings.LimitMode,
            PerAddressLimiter = perAddress,
            DrainTimeout = settings.DrainTimeout,
            TlsSelector = certificate?.CreateSelector(),
        },
        loggerFactory);

    using var stopping = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    SayHowToTry(listener.LocalEndPoint, byTls: certificate is not null);

    // The server logs how the drain went: how many connections ended by themselves, and how many were aborted.
    await server.RunAsync(stopping.Token);

    void Stop(PosixSignalContext context)
    {
        // The first signal drains; a second Ctrl+C, from somebody who will not wait, ends the process. A second SIGTERM is
        // only the first again: sent to a process group, it comes from the parent as well.
        context.Cancel = !stopping.IsCancellationRequested || context.Signal == PosixSignal.SIGTERM;
        stopping.Cancel();
    }
}

static PartitionedRateLimiter<IPAddress> EachAddress(int permits) => PartitionedRateLimiter.Create<IPAddress, IPAddress>(
    address => RateLimitPartition.GetConcurrencyLimiter(address, _ => new ConcurrencyLimiterOptions { PermitLimit = permits }));

static void SayHowToTry(EndPoint endPoint, bool byTls)
{
    var (reach, nc) = endPoint switch
    {
        UnixDomainSocketEndPoint => (EndPointText.Format(endPoint), $"-U {endPoint}"),
        IPEndPoint { Address: var any, Port: var port } when any.Equals(IPAddress.IPv6Any) || any.Equals(IPAddress.Any) =>
            ($"localhost:{port}", $"localhost {port}"),
        IPEndPoint { Address: var address, Port: var port } => ($"{endPoint}", $"{address} {port}"),
        _ => ($"{endPoint}", $"{endPoint}"),
    };

    // Neither nc nor EchoClient speaks TLS. Without -quiet, a line that begins with Q or R would be a command to openssl.
    var ways = byTls
        ? $"  openssl s_client -quiet {(endPoint is UnixDomainSocketEndPoint ? $"-unix {endPoint}" : $"-connect {reach}")}"
        : $"""
              nc {nc}
              dotnet run -c Release --project samples/EchoClient -- {reach}
            """;
    Console.WriteLine($"""
        Listening on {EndPointText.Format(endPoint)}. What a peer sends is sent back. Try it from another terminal:
        {ways}
        Ctrl+C or SIGTERM stops the server.
        """);
}
