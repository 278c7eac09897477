using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
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
    var where = settings.Listen is UnixDomainSocketEndPoint ? $"{EndPointText.Format(settings.Listen)}." : $"{app.Urls.First()}. Open it in two browsers.";
    Console.WriteLine($"Chatting at {where} Metrics are at /metrics, health at /health. Ctrl+C or SIGTERM stops the server.");
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is SocketException or ConnectionException || e.InnerException is AddressInUseException)
{
    Console.Error.WriteLine($"Chat: {(e.InnerException as AddressInUseException ?? e).Message}; choose another with --listen.");
    return 1;
}
