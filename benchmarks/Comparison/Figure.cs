namespace NetKit.Benchmarks;

/// <summary>One number of a slice, and how it is shown.</summary>
internal sealed record Figure(string Name, string Format, Func<Slice, double> Of)
{
    public static readonly Figure Messages = new("Messages/s", "N0", static slice => slice.Messages / slice.Seconds);
    public static readonly Figure RoundTrips = new("Round trips/s", "N0", static slice => slice.Messages / slice.Seconds);
    public static readonly Figure Connections = new("Connections/s", "N0", static slice => slice.Connections / slice.Seconds);
    public static readonly Figure Gigabytes = new("GB/s", "N2", static slice => slice.Bytes / slice.Seconds / 1e9);
    public static readonly Figure Resident = new("Resident B per connection", "N0", static slice => slice.Resident);
    public static readonly Figure CpuPerMessage = new("CPU us/message", "N1", static slice => slice.ServerCpu * 1e6 / slice.Messages);
    public static readonly Figure CpuPerConnection = new("CPU us/connection", "N1", static slice => slice.ServerCpu * 1e6 / slice.Connections);
    public static readonly Figure CpuPerMegabyte = new("CPU us/MB", "N0", static slice => slice.ServerCpu * 1e12 / slice.Bytes);
    public static readonly Figure P50 = new("p50 us", "N0", static slice => slice.P50);
    public static readonly Figure P99 = new("p99 us", "N0", static slice => slice.P99);
    public static readonly Figure P999 = new("p99.9 us", "N0", static slice => slice.P999);
    public static readonly Figure ServerBusy = new("Server busy", "P0", static slice => slice.ServerCpu / slice.Seconds);
    public static readonly Figure GeneratorBusy = new("Generator busy", "P0", static slice => slice.GeneratorCpu / slice.Seconds);

    /// <summary>The median of the ratios within each round, and the middle half of them.</summary>
    public string Ratio(List<Slice> slices, List<Slice> baseline)
    {
        if (ReferenceEquals(slices, baseline))
        {
            return "1";
        }

        var ratios = slices.Zip(baseline, (own, other) => Of(own) / Of(other)).ToArray();
        var (low, high) = Statistics.MiddleHalf(ratios);
        return $"{ResultTable.Number(Statistics.Median(ratios), "N3")} ({ResultTable.Number(low, "N2")}-{ResultTable.Number(high, "N2")})";
    }
}
