using NetKit.Benchmarks;

if (args is [WebServer.Mode, var transport])
{
    await WebServer.RunAsync(transport);
    return 0;
}

var arguments = new Arguments(args);
var parts = arguments.Text("part") is { } part ? [part] : new[] { "throughput", "pipelined", "idle" };
foreach (var name in parts)
{
    switch (name)
    {
        case "throughput":
            Throughput.Run(arguments, "web", pipelined: false);
            break;
        case "pipelined":
            Throughput.Run(arguments, "web-pipelined", pipelined: true);
            break;
        case "idle":
            IdleWebConnections.Run(arguments);
            break;
        default:
            Console.Error.WriteLine("usage: run [--part throughput|pipelined|idle] [--rounds N] [--seconds N] [--connections N]");
            return 2;
    }
}

return 0;
