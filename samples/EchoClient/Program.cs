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
    var dialer = new Dialer(new DialerOptions { ConnectTimeout = settings.Timeout });
    if (settings.Bench)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            // The first Ctrl+C ends the measuring, and there is a summary still; a second one ends the process.
            context.Cancel = !stopping.IsCancellationRequested;
            stopping.Cancel();
        });
        await Bench.RunAsync(settings, dialer, Console.Out, stopping.Token);
    }
    else
    {
        await using var connection = await dialer.DialAsync(settings.Server);
        Console.Error.WriteLine($"Connected to {EndPointText.Format(settings.Server)}. Each line typed is sent; Ctrl+D ends.");
        await Lines.RunAsync(connection, settings.Timeout, Console.In, Console.Out);
    }

    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"EchoClient: {e.Message} See --help.");
    return 2;
}
catch (OperationCanceledException)
{
    // Interrupted before there was anything to sum up.
    return 0;
}
catch (DialException e)
{
    Console.Error.WriteLine($"EchoClient: {e.Message}.");
    if (e.Error == ConnectionError.Refused)
    {
        Console.Error.WriteLine("Is a server running there? Start one with: dotnet run -c Release --project samples/EchoServer");
    }

    return 1;
}
catch (EndOfStreamException)
{
    Console.Error.WriteLine("EchoClient: the server closed the connection before the echo was complete.");
    return 1;
}
catch (Exception e) when (e is ConnectionException or InvalidDataException)
{
    Console.Error.WriteLine($"EchoClient: {e.Message}.");
    return 1;
}
