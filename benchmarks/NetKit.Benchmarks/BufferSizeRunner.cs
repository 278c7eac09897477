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
        var command = arguments.Command("NetKit.Benchmarks");
        Dictionary<(int Size, string Way), List<Slice>> MeasureAndSave(bool reads)
        {
            using var field = new BulkField(s_ways);
            var slices = Measure(field, reads, rounds, length);
            Tabulate(field, reads, rounds, length, slices).Save(command);
            return slices;
        }

        Summarize(MeasureAndSave(reads: true), MeasureAndSave(reads: false), rounds).Save(command);
    }

    private static Dictionary<(int Size, string Way), List<Slice>> Measure(BulkField field, bool reads, int rounds, TimeSpan length)
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
        return slices;
    }

    // NetKit's own lines, for a page that has no room for the others.
    private static ResultTable Summarize(
        Dictionary<(int Size, string Way), List<Slice>> reads, Dictionary<(int Size, string Way), List<Slice>> writes, int rounds)
    {
        var table = new ResultTable("buffer-size", "Buffer", "Read MB/s", "Read vs Socket", "Read CPU us/MB", "Write MB/s", "Write vs Socket", "Write CPU us/MB");
        foreach (var size in Sizes)
        {
            table.Add([Label(size), .. Cells(reads, size, Ways.Connection), .. Cells(writes, size, Ways.Connection)]);
        }

        table.Note($"NetKit's connection on its event loops. Medians of {rounds} interleaved rounds; the ratio to a plain socket's rate is taken within a round.");
        return table;
    }

    private static string[] Cells(Dictionary<(int Size, string Way), List<Slice>> slices, int size, string way)
    {
        var (own, plain) = (slices[(size, way)], slices[(size, Ways.Socket)]);
        return
        [
            ResultTable.Number(Statistics.Median(own.Select(static slice => slice.PerSecond))),
            ResultTable.Number(Statistics.Median(own.Zip(plain, static (one, other) => one.PerSecond / other.PerSecond)), "N2"),
            ResultTable.Number(Statistics.Median(own.Select(static slice => slice.CpuMicroseconds))),
        ];
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
                var calls = RunSlice(field, reads, size, way, length, countCalls: true).SystemCalls;
                table.Add(
                [
                    Label(size),
                    way,
                    .. Cells(slices, size, way),
                    calls is { } number ? ResultTable.Number(number, "N1") : "not allowed",
                    ResultTable.Number(Statistics.Median(own.Select(static slice => slice.Allocated)), "N1"),
                ]);
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
