using System.Globalization;
using NetKit.Benchmarks;

switch (args.FirstOrDefault())
{
    case ServerProcess.Mode:
        await ServerProcess.RunAsync(args[1]);
        break;
    case ClientProcess.Mode:
        ClientProcess.Run(int.Parse(args[1], CultureInfo.InvariantCulture));
        break;
    default:
        IdleRunner.Run(new Arguments(args));
        break;
}
