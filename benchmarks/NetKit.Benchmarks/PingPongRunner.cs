namespace NetKit.Benchmarks;

/// <summary>Echo ping-pong, the ways to use a socket in turn within each round, so that a noisy machine is noisy for all.</summary>
/// <remarks>Client and server are in this process and use the socket the same way. The ratios are taken within each round.</remarks>
internal static class PingPongRunner
{
    public static void Run(Arguments arguments)
    {
        var rounds = arguments.Number("rounds", 25);
        Transport.BufferSize = arguments.Number("buffer", Transport.BufferSize);
        var length = TimeSpan.FromMilliseconds(arguments.Number("milliseconds", 100));
        var table = new ResultTable(
            "pingpong"
                + (Transport.BufferSize == Transport.MessageSize ? "-exact" : "")
                + (Environment.ProcessorCount == 1 ? "-one-core" : ""),
            "Connections",
            "Both ends use",
            "Round trips/s",
            "vs Socket (middle half)",
            "vs Connection (middle half)",
            "CPU us",
            "CPU vs Socket (middle half)",
            "Allocated B",
            "System calls");
        foreach (var count in new[] { 1, 64 })
        {
            Measure(table, count, rounds, length);
        }

        table.Note(
            $"{Transport.MessageSize} B a message, read into {Transport.BufferSize:N0} B; medians of {rounds} rounds of {length.TotalMilliseconds:0} ms each, interleaved; ratios are taken within a round. "
            + "CPU, allocation and system calls are per round trip and for both ends together.");
        table.Save(arguments.Command("NetKit.Benchmarks"));
    }

    private static void Measure(ResultTable table, int count, int rounds, TimeSpan length)
    {
        var fields = Ways.All.Select(way => new PingPongField(way, count)).ToArray();
        var slices = fields.Select(static _ => new List<Slice>()).ToArray();

        // The first two rounds warm up: tiered compilation settles, buffers grow.
        for (var round = -2; round < rounds; round++)
        {
            // There and back again: a drift of the machine hits first and last alike.
            var order = Enumerable.Range(0, fields.Length);
            foreach (var index in round % 2 == 0 ? order : order.Reverse())
            {
                var slice = fields[index].Run(length, countCalls: false);
                if (round >= 0)
                {
                    slices[index].Add(slice);
                }
            }

            Console.Error.Write($"\rping-pong, {count} connection(s): round {round + 1} of {rounds}   ");
        }

        Console.Error.WriteLine();
        var plain = slices[Array.IndexOf(Ways.All, Ways.Socket)];
        var connection = slices[Array.IndexOf(Ways.All, Ways.Connection)];
        for (var index = 0; index < fields.Length; index++)
        {
            var own = slices[index];
            var isNetKit = index >= Array.IndexOf(Ways.All, Ways.Connection);
            var calls = fields[index].Run(length, countCalls: true).SystemCalls;
            table.Add(
                ResultTable.Number(count),
                Ways.All[index],
                ResultTable.Number(Statistics.Median(own.Select(static slice => slice.PerSecond))),
                Slice.Ratio(own, plain, static slice => slice.PerSecond),
                isNetKit ? Slice.Ratio(own, connection, static slice => slice.PerSecond) : "",
                ResultTable.Number(Statistics.Median(own.Select(static slice => slice.CpuMicroseconds)), "N1"),
                Slice.Ratio(own, plain, static slice => slice.CpuMicroseconds),
                ResultTable.Number(Statistics.Median(own.Select(static slice => slice.Allocated)), "N1"),
                calls is { } number ? ResultTable.Number(number, "N2") : "not allowed");
            fields[index].Dispose();
        }
    }
}
