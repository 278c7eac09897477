namespace NetKit.Benchmarks;

/// <summary>How fast bytes move with which buffer, the ways to use a socket in turn within each round.</summary>
internal static class BufferSizeRunner
{
    public static readonly int[] Sizes = [512, 1024, 4096, 16 * 1024, 64 * 1024, 256 * 1024];

    private static readonly string[] s_ways = [Ways.Socket, Ways.NetworkStream, Ways.Connection];

    public static void Run(Arguments arguments)
    {
        var rounds = arguments.Number("rounds", 15);
        var length = TimeSpan.FromMilliseconds(arguments.Number("milliseconds", 100));
        foreach (var reads in new[] { true, false })
        {
            using var field = new BulkField(s_ways);
            var table = Measure(field, reads, rounds, length);
            table.Save(arguments.Command("NetKit.Benchmarks"));
        }
    }

    private static ResultTable Measure(BulkField field, bool reads, int rounds, TimeSpan length)
    {
        var slices = new Dictionary<(int Size, string Way), List<Slice>>();
        for (var round = -1; round < rounds; round++)
        {
            foreach (var size in Sizes)
            {
                foreach (var way in round % 2 == 0 ? s_ways : s_ways.Reverse())
                {
                    var slice = RunSlice(field, reads, size, way, length, countCalls: false);
                    if (round >= 0)
                    {
                        (slices.TryGetValue((size, way), out var list) ? list : slices[(size, way)] = []).Add(slice);
                    }
                }
            }

            Console.Error.Write($"\r{(reads ? "reads" : "writes")}: round {round + 1} of {rounds}   ");
        }

        Console.Error.WriteLine();
        return Tabulate(field, reads, rounds, length, slices);
    }

    private static ResultTable Tabulate(
        BulkField field, bool reads, int rounds, TimeSpan length, Dictionary<(int Size, string Way), List<Slice>> slices)
    {
        var table = new ResultTable(
            reads ? "buffer-size-read" : "buffer-size-write",
            reads ? "Read buffer" : "Write size",
            "Way",
            "MB/s",
            "vs Socket",
            "CPU us/MB",
            "System calls/MB",
            "Allocated B/MB");
        foreach (var size in Sizes)
        {
            foreach (var way in s_ways)
            {
                var own = slices[(size, way)];
                var plain = slices[(size, Ways.Socket)];
                var calls = RunSlice(field, reads, size, way, length, countCalls: true).SystemCalls;
                table.Add(
                    Label(size),
                    way,
                    ResultTable.Number(Statistics.Median(own.Select(static slice => slice.PerSecond))),
                    ResultTable.Number(
                        Statistics.Median(own.Zip(plain, static (one, other) => one.PerSecond / other.PerSecond)), "N2"),
                    ResultTable.Number(Statistics.Median(own.Select(static slice => slice.CpuMicroseconds))),
                    calls is { } number ? ResultTable.Number(number, "N1") : "not allowed",
                    ResultTable.Number(Statistics.Median(own.Select(static slice => slice.Allocated)), "N1"));
            }
        }

        LinePlot.Save(
            reads ? "buffer-size-read" : "buffer-size-write",
            reads ? "MB/s read, by size of the buffer" : "MB/s written, by size of the write",
            [.. Sizes.Select(Label)],
            [.. s_ways.Select(way => (way, Sizes.Select(size => Statistics.Median(slices[(size, way)].Select(static slice => slice.PerSecond))).ToArray()))]);
        table.Note(
            $"1 MB is 1,048,576 B. Medians of {rounds} rounds of {length.TotalMilliseconds:0} ms each, interleaved; the ratio is taken within a round. "
            + "The other side is a second process with blocking sockets and 256 KB buffers; its costs are not in the table. "
            + "System calls are counted by the kernel in a slice of their own, those that wait for readiness included.");
        return table;
    }

    private static string Label(int size) => size < 1024 ? $"{size} B" : $"{size / 1024} KB";

    private static Slice RunSlice(BulkField field, bool reads, int size, string way, TimeSpan length, bool countCalls)
    {
        var buffer = new byte[size];
        return Slice.Run(length, BulkField.Megabyte, countCalls, stopper =>
        [
            Task.Run(() => reads
                ? field.ReadAsync(way, buffer, long.MaxValue, stopper)
                : field.WriteAsync(way, buffer, long.MaxValue, stopper)),
        ]);
    }
}
