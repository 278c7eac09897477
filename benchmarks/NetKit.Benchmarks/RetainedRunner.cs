using System.Diagnostics;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>What 10,000 reads that ran out of time on a quiet connection leave behind.</summary>
internal static class RetainedRunner
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(1);

    public static void Run(Arguments arguments)
    {
        var timeouts = arguments.Number("timeouts", 10_000);
        var table = new ResultTable("retained", "Read ends by", "Retained B", "B/timeout", "Next read", "Seconds");
        Measure(table, timeouts, "Connection, ReadDeadline", static server => new ByDeadline(server));
        Measure(table, timeouts, "Connection, ReadTimeout", static server => new ByTimeout(server));
        Measure(table, timeouts, "Connection, token of CancellationTokenSource(1 ms)", static server => new ByCallersToken(server));
        Measure(table, timeouts, "Socket, token of CancellationTokenSource(1 ms)", static server => new BySocketToken(server));
        Measure(table, timeouts, "Socket, Task.WaitAsync(1 ms)", static server => new ByWaitAsync(server));
        table.Note(
            $"{timeouts:N0} reads with a limit of 1 ms each on one connection whose peer is silent; managed bytes in use afterwards, "
            + "the connection still open, less those before. Next read: does a read after that get the byte the peer sends then?");
        table.Save(arguments.Command("NetKit.Benchmarks"));
    }

    private static void Measure(ResultTable table, int timeouts, string way, Func<Socket, QuietReader> create)
    {
        var (client, server) = Loopback.CreatePair();
        using var peer = client;
        using var reader = create(server);
        Repeat(reader, 20);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        Repeat(reader, timeouts, way);
        var elapsed = watch.Elapsed;
        var retained = GC.GetTotalMemory(forceFullCollection: true) - before;
        client.Send([42]);
        var next = reader.GetsNextByteAsync().GetAwaiter().GetResult();
        table.Add(
            way,
            ResultTable.Number(retained),
            ResultTable.Number((double)retained / timeouts, "N1"),
            next ? "gets it" : "loses it",
            ResultTable.Number(elapsed.TotalSeconds, "N1"));
    }

    private static void Repeat(QuietReader reader, int timeouts, string? progress = null)
    {
        for (var done = 0; done < timeouts; done++)
        {
            if (!reader.TimesOutAsync().GetAwaiter().GetResult())
            {
                throw new InvalidOperationException("A read on a quiet connection returned.");
            }

            if (progress is not null && done % 500 == 499)
            {
                Console.Error.Write($"\r{progress}: {done + 1} of {timeouts}   ");
            }
        }

        if (progress is not null)
        {
            Console.Error.WriteLine();
        }
    }

    private abstract class QuietReader : IDisposable
    {
        protected byte[] Buffer { get; } = new byte[1];

        /// <summary>Reads; true when time ran out.</summary>
        public abstract Task<bool> TimesOutAsync();

        /// <summary>Reads once more, the byte being there; false when it went elsewhere.</summary>
        public abstract Task<bool> GetsNextByteAsync();

        public abstract void Dispose();
    }

    private abstract class ConnectionReader(Socket socket) : QuietReader
    {
        protected Connection Connection { get; } = Connection.FromSocket(socket);

        public override async Task<bool> GetsNextByteAsync()
        {
            Connection.ReadTimeout = Timeout.Infinite;
            Connection.ReadDeadline = Deadline.After(TimeSpan.FromSeconds(5));
            return await Connection.ReadAsync(Buffer) == 1 && Buffer[0] == 42;
        }

        public override void Dispose() => Connection.Dispose();
    }

    private sealed class ByDeadline(Socket socket) : ConnectionReader(socket)
    {
        public override async Task<bool> TimesOutAsync()
        {
            Connection.ReadDeadline = Deadline.After(s_patience);
            try
            {
                return await Connection.ReadAsync(Buffer) < 0;
            }
            catch (DeadlineExceededException)
            {
                return true;
            }
        }
    }

    private sealed class ByTimeout(Socket socket) : ConnectionReader(socket)
    {
        public override async Task<bool> TimesOutAsync()
        {
            Connection.ReadTimeout = (int)s_patience.TotalMilliseconds;
            try
            {
                return await Connection.ReadAsync(Buffer) < 0;
            }
            catch (DeadlineExceededException)
            {
                return true;
            }
        }
    }

    private sealed class ByCallersToken(Socket socket) : ConnectionReader(socket)
    {
        public override async Task<bool> TimesOutAsync()
        {
            using var source = new CancellationTokenSource(s_patience);
            try
            {
                return await Connection.ReadAsync(Buffer, source.Token) < 0;
            }
            catch (OperationCanceledException)
            {
                return true;
            }
        }
    }

    private abstract class SocketReader(Socket socket) : QuietReader
    {
        protected Socket Socket { get; } = socket;

        public override async Task<bool> GetsNextByteAsync()
        {
            var next = Socket.ReceiveAsync(Buffer.AsMemory(), SocketFlags.None).AsTask();
            return await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1))) == next && await next == 1 && Buffer[0] == 42;
        }

        public override void Dispose() => Socket.Dispose();
    }

    private sealed class BySocketToken(Socket socket) : SocketReader(socket)
    {
        public override async Task<bool> TimesOutAsync()
        {
            using var source = new CancellationTokenSource(s_patience);
            try
            {
                return await Socket.ReceiveAsync(Buffer.AsMemory(), SocketFlags.None, source.Token) < 0;
            }
            catch (OperationCanceledException)
            {
                return true;
            }
        }
    }

    private sealed class ByWaitAsync(Socket socket) : SocketReader(socket)
    {
        public override async Task<bool> TimesOutAsync()
        {
            try
            {
                return await Socket.ReceiveAsync(Buffer.AsMemory(), SocketFlags.None).AsTask().WaitAsync(s_patience) < 0;
            }
            catch (TimeoutException)
            {
                return true;
            }
        }
    }
}
