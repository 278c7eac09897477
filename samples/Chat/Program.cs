using NetKit;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(ChatSettings.Usage);
    return 0;
}

ChatSettings settings;
try
{
    settings = ChatSettings.Parse(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"Chat: {e.Message} See --help.");
    return 2;
}

try
{
    await using var app = ChatApp.Build(settings);
    await app.StartAsync();
    Console.WriteLine($"Chatting at {app.Urls.First()}. Open it in two browsers. Metrics are at /metrics, health at /health. Ctrl+C or SIGTERM stops the server.");
    await app.WaitForShutdownAsync();
    return 0;
}
catch (ConnectionException e)
{
    Console.Error.WriteLine($"Chat: cannot serve at {EndPointText.Format(settings.Listen)}: {e.Message}");
    return 1;
}
