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
    if (settings.Bench)
    {
        await Bench.RunAsync(settings, Console.Out);
    }
    else
    {
        await using var connection = await Dial.ConnectAsync(settings.Server, settings.Timeout);
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
catch (EndOfStreamException)
{
    Console.Error.WriteLine("EchoClient: the server closed the connection before the echo was complete.");
    return 1;
}
catch (Exception e) when (e is ServerUnreachableException or ConnectionException or InvalidDataException)
{
    Console.Error.WriteLine($"EchoClient: {e.Message}");
    return 1;
}
