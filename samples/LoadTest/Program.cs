using System.Runtime.InteropServices;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(LoadSettings.Usage);
    return 0;
}

try
{
    var settings = LoadSettings.Parse(args);
    using var stopping = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
    {
        context.Cancel = true;
        stopping.Cancel();
    });
    var result = await new LoadRun(settings, Console.Out).RunAsync(stopping.Token);
    await LoadReport.WriteAsync(result, Console.Out);
    if (settings.Json is { } path)
    {
        await File.WriteAllTextAsync(path, LoadResultJson.Write(result));
    }

    var missed = settings.Thresholds.MissedBy(result).ToArray();
    Array.ForEach(missed, static miss => Console.Error.WriteLine($"LoadTest: {miss}."));
    return missed.Length == 0 ? 0 : 1;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"LoadTest: {e.Message} See --help.");
    return 2;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("LoadTest: interrupted.");
    return 130;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"LoadTest: {e.Message}");
    return 1;
}
