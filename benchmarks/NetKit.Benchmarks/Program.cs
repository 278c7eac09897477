using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using NetKit.Benchmarks;
using Perfolizer.Horology;

var arguments = new Arguments(args);
switch (args.FirstOrDefault())
{
    case "pingpong":
        PingPongRunner.Run(arguments);
        break;
    case "observed":
        ObservedRunner.Run(arguments);
        break;
    case "count-traffic":
        InterleavedRunner.Run<CountTrafficBenchmarks>("count-traffic", arguments);
        break;
    case "buffers":
        BufferSizeRunner.Run(arguments);
        break;
    case "retained":
        RetainedRunner.Run(arguments);
        break;
    case "deadlines":
        InterleavedRunner.Run<MoveDeadlineBenchmarks>("move-deadline", arguments);
        InterleavedRunner.Run<ReadyReadBenchmarks>("ready-read", arguments);
        InterleavedRunner.Run<PendingReadBenchmarks>("pending-read", arguments);
        break;
    case "frames":
        InterleavedRunner.Run<SmallFrameReadBenchmarks>("frame-read-64", arguments);
        InterleavedRunner.Run<LargeFrameReadBenchmarks>("frame-read-16k", arguments);
        InterleavedRunner.Run<LineReadBenchmarks>("frame-read-lines", arguments);
        InterleavedRunner.Run<SmallFrameWriteBenchmarks>("frame-write-64", arguments);
        InterleavedRunner.Run<LargeFrameWriteBenchmarks>("frame-write-16k", arguments);
        break;
    case "dial":
        InterleavedRunner.Run<DialBenchmarks>("dial", arguments, showDifference: true);
        break;
    case "pool-saturated":
        await PoolSaturatedRunner.RunAsync(arguments);
        break;
    case "pool-storm":
        await PoolStormRunner.RunAsync(arguments);
        break;
    case "broadcast":
        await BroadcastRunner.RunAsync(arguments);
        break;
    case "readme":
        Readme.Update();
        break;
    case BulkPeer.Mode:
        BulkPeer.Run(int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
        break;
    default:
        // Anything else is for BenchmarkDotNet: --filter '*Deadline*', --list flat, and so on.
        var config = DefaultConfig.Instance
            .AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(10).WithIterationTime(TimeInterval.FromMilliseconds(200)))
            .HideColumns(Column.Error, Column.StdDev, Column.RatioSD, Column.Gen0, Column.Gen1, Column.Gen2, Column.AllocRatio)
            .AddColumn(StatisticColumn.Median);
        foreach (var summary in BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config))
        {
            BenchmarkDotNetReport.Save(summary, arguments.Command("NetKit.Benchmarks"));
        }

        break;
}
