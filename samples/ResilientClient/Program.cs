using System.Runtime.InteropServices;
using NetKit;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(Settings.Usage);
    return 0;
}

using var stopping = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    return await RunAsync(Settings.Parse(args), stopping.Token) ? 0 : 1;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"ResilientClient: {e.Message} See --help.");
    return 2;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    Console.Error.WriteLine("ResilientClient: stopped.");
    return 1;
}
catch (Exception e) when (e is ConnectionException or HttpRequestException or OperationCanceledException)
{
    Console.Error.WriteLine($"ResilientClient: {e.Message}");
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}

static async Task<bool> RunAsync(Settings settings, CancellationToken stop)
{
    await using var own = settings.Server is null ? new LateServer() : null;
    var host = settings.Server ?? own!.Host;
    Console.WriteLine(own is null
        ? $"Dialing {EndPointText.Format(host)}."
        : $"Dialing {EndPointText.Format(host)}, whose server opens a little later.");
    var client = new Client(settings, host, own is null ? null : own.ResolveAsync, Console.Out);
    try
    {
        await client.DialAsync(stop);
        await client.GetPageAsync(stop);
        return true;
    }
    catch (Exception e) when ((e as DialException ?? e.InnerException as DialException) is { } failure)
    {
        Console.Error.WriteLine($"ResilientClient: {client.Describe(failure)}.");
        return false;
    }
}
