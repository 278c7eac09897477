using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Stress;

/// <summary>The clients of <see cref="Block"/>: most ask for an answer again and again, some for a handler that blocks.</summary>
internal sealed class BlockClients
{
    private const int OneIn = 100; // blocks; and another one burns

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50); // of those that make handlers block
    private static readonly TimeSpan s_longestAnswer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_settleTime = TimeSpan.FromSeconds(60);

    private readonly IPEndPoint _target;
    private readonly ProcessState _server;
    private readonly TimeSpan _blockTime;
    private readonly TimeSpan _time;
    private readonly TimeSpan _pause; // before and after
    private readonly TimeSpan _bound;
    private readonly TimeSpan _rest;
    private readonly Latencies _old = new();
    private readonly Latencies _new = new();
    private readonly List<Connection> _connections = [];

    private BlockClients(Arguments arguments)
    {
        _target = new IPEndPoint(IPAddress.Loopback, arguments.Number("port", 0));
        _server = new ProcessState(arguments.Number("server", 0).ToString(CultureInfo.InvariantCulture));
        _blockTime = arguments.Time("block", 2);
        _time = arguments.Time("seconds", 1);
        _pause = arguments.Time("pause", 1);
        _bound = arguments.Time("bound", 1);
        _rest = arguments.Time("rest", 1);
    }

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var clients = new BlockClients(arguments);
        await clients.RunAsync(arguments.Number("connections", OneIn), arguments.Number("crowd", 1)).ConfigureAwait(false);
        return Findings.Conclude($"{clients._connections.Count} clients");
    }

    private async Task RunAsync(int connections, int crowd)
    {
        var few = Math.Max(1, connections / OneIn);
        using var stop = new CancellationTokenSource();
        var asking = Enumerable.Range(0, connections - (2 * few)).Select(_ => AskOnAsync(Dial(), stop.Token)).ToList();
        var blocking = Enumerable.Range(0, 2 * few).Select(_ => Dial()).ToList();
        var blocked = Enumerable.Range(0, crowd).Select(_ => Dial()).ToList();
        await Task.Delay(_pause).ConfigureAwait(false);
        _old.Take();
        await Task.Delay(_pause).ConfigureAwait(false);
        var threads = _server.Threads;
        Console.WriteLine($"undisturbed: {_old.Take()}; {threads} threads");

        await BlockSomeAsync(blocking).ConfigureAwait(false);
        Check($"{few} in {connections} block and {few} burn", _old.Take());
        await BlockAtOnceAsync(blocked).ConfigureAwait(false);
        await Task.Delay(_pause).ConfigureAwait(false);
        Check("afterwards", _old.Take());

        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(asking).ConfigureAwait(false);
        await CheckRestAsync(threads).ConfigureAwait(false);
    }

    /// <summary>Half of these make their handlers block again and again, and half make them burn.</summary>
    private async Task BlockSomeAsync(List<Connection> connections)
    {
        using var stop = new CancellationTokenSource(_time);
        await Task.WhenAll(connections.Select((connection, index) => BlockOnAsync(connection, index % 2 == 0 ? Block.Sleep : Block.Burn, stop.Token)))
            .ConfigureAwait(false);
    }

    private async Task BlockOnAsync(Connection connection, byte question, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var latency = await AskAsync(connection, question).ConfigureAwait(false);
            if (latency < _blockTime)
            {
                Findings.Report($"A handler that should take {_blockTime} took {latency}.");
            }

            await Task.Delay(s_pause, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>All of these make their handlers block at once; meanwhile new clients come.</summary>
    private async Task BlockAtOnceAsync(List<Connection> connections)
    {
        var start = Stopwatch.GetTimestamp();
        var blocking = Task.WhenAll(connections.Select(static connection => AskAsync(connection, Block.Sleep)));
        var mostThreads = 0;
        while (!blocking.IsCompleted)
        {
            var begin = Stopwatch.GetTimestamp();
            await AskAsync(Dial(), Block.Answer).ConfigureAwait(false);
            _new.Add(Stopwatch.GetElapsedTime(begin), s_pause);
            mostThreads = Math.Max(mostThreads, _server.Threads);
            await Task.Delay(s_pause).ConfigureAwait(false);
        }

        await blocking.ConfigureAwait(false);
        var over = Stopwatch.GetElapsedTime(start) - _blockTime;
        var (old, fresh) = (_old.Take(), _new.Take());
        Console.WriteLine(
            $"{connections.Count} block at once: all over after {over.TotalMilliseconds:F0} ms more than each takes, {mostThreads} threads; "
            + $"old clients: {old}; new clients: {fresh}");
        if (over > s_longestAnswer || old.Most > s_longestAnswer || fresh.Most > s_longestAnswer)
        {
            Findings.Report($"While {connections.Count} block, the server hardly answers.");
        }
    }

    private async Task CheckRestAsync(int threadsBefore)
    {
        var start = Stopwatch.GetTimestamp();
        while (_server.Threads > threadsBefore && Stopwatch.GetElapsedTime(start) < s_settleTime)
        {
            await Task.Delay(s_pause).ConfigureAwait(false);
        }

        var fall = Stopwatch.GetElapsedTime(start);
        var rest = await Rest.AwaitPerfectAsync(_server, _rest, s_settleTime).ConfigureAwait(false);
        var threads = _server.Threads;
        Console.WriteLine($"idle again: {rest}; {threads} threads, no more than before from {fall.TotalSeconds:F1} s on");
        if (!rest.IsPerfect || threads > threadsBefore)
        {
            Findings.Report($"The server does not come to rest: {rest}; {threads} threads and not {threadsBefore}");
        }
    }

    private void Check(string situation, Latencies.Percentiles latencies)
    {
        Console.WriteLine($"{situation}: {latencies}");
        if (latencies.P99 > _bound)
        {
            Findings.Report($"{situation}: p99 is {latencies.P99.TotalMilliseconds:F1} ms, and not below {_bound.TotalMilliseconds:F0} ms");
        }
    }

    private async Task AskOnAsync(Connection connection, CancellationToken stop)
    {
        var random = new Random(_connections.Count);
        while (!stop.IsCancellationRequested)
        {
            _old.Add(await AskAsync(connection, Block.Answer).ConfigureAwait(false), s_interval);
            await Task.Delay(s_interval * (0.5 + random.NextDouble()), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task<TimeSpan> AskAsync(Connection connection, byte question)
    {
        var buffer = new byte[] { question };
        var start = Stopwatch.GetTimestamp();
        await connection.WriteAsync(buffer).ConfigureAwait(false);
        await connection.ReadExactlyAsync(buffer).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(start);
    }

    private Connection Dial()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(_target);
        var connection = Connection.FromSocket(socket);
        _connections.Add(connection); // or the collector would close it while it is idle
        return connection;
    }
}
