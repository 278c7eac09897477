using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace NetKit.Benchmarks;

/// <summary>Adds a column for benchmarks whose operation is one megabyte.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class MegabytesPerSecondAttribute() : ColumnConfigBaseAttribute(new Column())
{
    private sealed class Column : IColumn
    {
        public string Id => nameof(MegabytesPerSecondAttribute);

        public string ColumnName => "MB/s";

        public string Legend => "1,048,576 B per second, from the mean";

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Dimensionless;

        public bool IsAvailable(Summary summary) => true;

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
            summary[benchmarkCase]?.ResultStatistics is { } statistics
                ? ResultTable.Number(TimeSpan.NanosecondsPerTick * TimeSpan.TicksPerSecond / statistics.Mean)
                : "?";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
    }
}
