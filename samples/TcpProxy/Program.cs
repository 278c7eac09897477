using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using NetKit;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(ProxySettings.Usage);
    return 0;
}

ProxySettings? settings = null;
try
{
    settings = ProxySettings.Parse(args);
    await RunAsync(settings);
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"TcpProxy: {e.Message} See --help.");
    return 2;
}
catch (ConnectionException e)
{
    Console.Error.WriteLine($"TcpProxy: {e.Message}; choose another with {(Equals(e.LocalEndPoint, settings?.Status) ? "--metrics" : "--listen")}");
    return 1;
}

static async Task RunAsync(ProxySettings settings)
{
    using var loggerFactory = LoggerFactory.Create(static logging => logging.AddSimpleConsole(static console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "HH:mm:ss.fff ";
    }));
    await using var proxy = await TcpProxy.BindAsync(settings, loggerFactory);
    using var stopping = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    Console.WriteLine($"Listening on {string.Join(", ", proxy.EndPoints.Select(EndPointText.Format))} for {string.Join(", ", proxy.Backends.Select(static backend => backend.Name))}.");
    if (proxy.StatusEndPoint is { } status)
    {
        Console.WriteLine($"Status on {EndPointText.Format(status)}: / is a page, /metrics is for Prometheus.");
    }

    // The server logs how the drain went: how many clients ended by themselves, and how many were reset.
    await proxy.RunAsync(stopping.Token);

    void Stop(PosixSignalContext context)
    {
        // The first signal drains; a second Ctrl+C, from somebody who will not wait, ends the process. A second SIGTERM is
        // only the first again: sent to a process group, it comes from the parent as well.
        context.Cancel = !stopping.IsCancellationRequested || context.Signal == PosixSignal.SIGTERM;
        stopping.Cancel();
    }
}
