using System.Globalization;
using NetKit.Benchmarks;

switch (args)
{
    case [Server.Mode, "--engine", var engine, var mode, var bufferSize]:
        Server.Run(engine, mode, int.Parse(bufferSize, CultureInfo.InvariantCulture));
        break;
    case [ContractStudy.Mode]:
        ContractStudy.Run();
        break;
    case [ForbiddenCall.Mode]:
        ForbiddenCall.Run();
        break;
    case [Probe.Mode]:
        Probe.Run();
        break;
    case [] or [['-', '-', ..], ..] when !args.Contains("--help"):
        Study.Run(new Arguments(args));
        break;
    default:
        Console.Error.WriteLine("""
            usage: IoUring serve --engine ENGINE echo|sink BUFFER_BYTES
                   IoUring probe
                   IoUring contract
                   IoUring [--group ways|steps] [--scenario A,B] [--rounds N] [--seconds N] [--quick]
            """);
        return 2;
}

return 0;
