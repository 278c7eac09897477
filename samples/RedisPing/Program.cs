using System.Net;
using System.Runtime.InteropServices;
using NetKit;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(Settings.Usage);
    return 0;
}

try
{
    var settings = Settings.Parse(args);
    using var stopping = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    return await RunAsync(settings, stopping.Token) ? 0 : 1;

    void Stop(PosixSignalContext context)
    {
        // The first signal ends the calls, and there is a summary still; a second Ctrl+C ends the process.
        context.Cancel = !stopping.IsCancellationRequested || context.Signal == PosixSignal.SIGTERM;
        stopping.Cancel();
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine($"RedisPing: {e.Message} See --help.");
    return 2;
}
catch (OperationCanceledException)
{
    return 0;
}
catch (Exception e) when ((e as RespFormatException ?? e.InnerException as RespFormatException) is { } format)
{
    // The pool's words for the first answer would be that nobody could be dialed.
    Console.Error.WriteLine($"RedisPing: the server was dialed and answers, but does not speak Redis: {format.Message}.");
    return 1;
}
catch (Exception e) when (e is ConnectionException or RedisErrorException)
{
    Console.Error.WriteLine($"RedisPing: {e.Message}");
    return 1;
}

static async Task<bool> RunAsync(Settings settings, CancellationToken stop)
{
    await using var embedded = settings.Server is null ? new EmbeddedRedis() : null;
    var server = settings.Server ?? embedded!.EndPoint;
    var name = $"netkit-redisping-{Environment.ProcessId}";
    var dialer = new Dialer(new DialerOptions { ConnectTimeout = settings.Timeout });
    IConnectionCutter cutter = embedded ?? (IConnectionCutter)new ClientKiller(dialer, server, name, settings.Timeout);
    await using var pool = new ConnectionPool(
        new RetryingDialer(new NamingDialer(dialer, name, settings.Timeout)),
        server,
        new ConnectionPoolOptions { MaxConnections = settings.Connections, AcquireTimeout = settings.Timeout });

    Console.WriteLine(
        $"{settings.Callers} callers, {settings.Connections} connections to {(embedded is null ? EndPointText.Format(server) : "a server of our own")}");
    return await new Demonstration(settings, pool, cutter, Console.Out).RunAsync(stop);
}
