using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Stress;

/// <summary>Opens and closes so many connections that each descriptor number serves thousands of them.</summary>
internal sealed class Storm
{
    private const int CyclesAtOnce = 8; // of each thread
    private const int WarmUpCycles = 2_000;
    private const int SentinelsPerThread = 4;
    private const int CyclesPerSentinel = 500;
    private const long MostGrowth = 8 * 1024 * 1024;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Cycle> _expected = new();
    private readonly List<ConnectionServer> _servers = [];
    private readonly List<ConnectionListener> _listeners = [];
    private readonly Victims _victims = new();
    private readonly StallWatch _watch;
    private readonly int _threads;
    private readonly int _seed;
    private long _begun;
    private long _ended;

    private Storm(int threads, int seed)
    {
        _threads = threads;
        _seed = seed;
        _watch = new StallWatch(threads * CyclesAtOnce);
        Listen(new IPEndPoint(IPAddress.Loopback, 0), elsewhere: false);

        // A name longer than those of clients: .NET's own accept, on the portable engine, has no room for a longer one, and ends the process.
        Listen(new UnixDomainSocketEndPoint($"\0storm-{Environment.ProcessId}-where-clients-come-in"), elsewhere: false);
        Listen(new IPEndPoint(IPAddress.Loopback, 0), elsewhere: true);
    }

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var cycles = arguments.Number("cycles", 10_000);
        var threads = arguments.Number("threads", 8);
        var seed = arguments.Number("seed", Environment.ProcessId);
        Console.WriteLine($"seed {seed}");
        Heartbeat.Start();
        var storm = new Storm(threads, seed);
        await storm.BlowAsync(WarmUpCycles).ConfigureAwait(false);
        var sockets = ProcessState.Own.Sockets;
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        var start = Heartbeat.Now;
        await storm.BlowAsync(cycles).ConfigureAwait(false);
        var seconds = (Heartbeat.Now - start).TotalSeconds;

        var socketsLeft = ProcessState.Own.Sockets - sockets;
        var growth = GC.GetTotalMemory(forceFullCollection: true) - memory;
        if (socketsLeft != 0 || !storm._expected.IsEmpty || growth > MostGrowth)
        {
            Findings.Report($"{socketsLeft} sockets too many, {storm._expected.Count} clients never accepted, {growth:N0} B more in use");
        }

        return Findings.Conclude(
            $"{cycles} cycles in {seconds:F0} s, {cycles / seconds:F0}/s; {sockets} sockets before, {sockets + socketsLeft} after; "
            + $"{growth:N0} B more in use; longest pause of the machine {Heartbeat.Worst.TotalMilliseconds:F0} ms");
    }

    /// <summary>Dials for a cycle; null when it is not to get through.</summary>
    private async Task<Socket?> DialAsync(Cycle cycle, Random random)
    {
        var target = _listeners[random.Next(_listeners.Count)].LocalEndPoint;
        var socket = target is IPEndPoint
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        // A name of its own for each: ports never run out, and the server can tell who dialed.
        socket.Bind(target is IPEndPoint
            ? new IPEndPoint(new IPAddress([127, 1, (byte)(cycle.Number / 250 % 250), (byte)(1 + (cycle.Number % 250))]), 0)
            : new UnixDomainSocketEndPoint($"\0storm-{Environment.ProcessId}-{cycle.Number}"));
        if (cycle.Ending == Ending.Refused)
        {
            ExpectRefusal(socket);
            return null;
        }

        _expected[socket.LocalEndPoint!.ToString()!] = cycle;
        try
        {
            if (random.Next(4) == 0)
            {
                await socket.ConnectAsync(target).ConfigureAwait(false);
            }
            else
            {
                socket.Connect(target);
            }

            return socket;
        }
        catch (SocketException exception) when (cycle.Ending == Ending.Cut && exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The server's side was cut before the dial had heard that it got through.
            socket.Dispose();
            return null;
        }
    }

    private static void ExpectRefusal(Socket socket)
    {
        try
        {
            // Its own address is not listened at.
            socket.Connect(socket.AddressFamily == AddressFamily.Unix
                ? new UnixDomainSocketEndPoint("\0storm-nobody")
                : new IPEndPoint(IPAddress.Loopback, 1));
            Findings.Report("A dial got through where nobody listens.");
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // As it should.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private static Ending Pick(Random random) => random.Next(2_000) switch
    {
        0 => Ending.Forgotten,
        < 100 => Ending.Refused,
        < 200 => Ending.CloseAtOnce,
        < 300 => Ending.AbortAtOnce,
        < 500 => Ending.HalfClose,
        < 700 => Ending.ClientCloses,
        < 900 => Ending.ServerCloses,
        < 1_300 => Ending.Clean,
        _ => Ending.Cut,
    };

    private void Listen(EndPoint endPoint, bool elsewhere)
    {
        var listener = ConnectionListener.Bind(
            endPoint, new ListenerOptions { Backlog = 4096, RunContinuationsAsynchronously = elsewhere });
        var server = new ConnectionServer(listener, ServeAsync);
        _ = server.RunAsync(CancellationToken.None);
        _listeners.Add(listener);
        _servers.Add(server);
    }

    private Task ServeAsync(Connection connection, CancellationToken stopping)
    {
        var client = connection.RemoteEndPoint?.ToString();
        if (client is not null && _expected.TryRemove(client, out var cycle))
        {
            return new CycleServer(cycle, _victims).RunAsync(connection);
        }

        Findings.Report($"A connection from {client}, and nobody has dialed from there.");
        return Task.CompletedTask;
    }

    /// <summary>Runs so many cycles, and waits until nothing is left of them.</summary>
    private async Task BlowAsync(int cycles)
    {
        var target = _begun + cycles;
        var workers = Enumerable.Range(0, _threads).Select(worker => new Thread(() => Work(worker, target)) { Name = "storm" }).ToList();
        workers.ForEach(static worker => worker.Start());
        var report = Heartbeat.Now;
        while (workers.Exists(static worker => worker.IsAlive))
        {
            await Task.Delay(20).ConfigureAwait(false);
            if (Heartbeat.Now - report > TimeSpan.FromSeconds(10))
            {
                report = Heartbeat.Now;
                Console.WriteLine($"{Volatile.Read(ref _ended)} cycles, {Findings.Count} findings");
            }
        }

        await SettleAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until the servers have closed what their clients left, and the collector what was forgotten.</summary>
    private async Task SettleAsync()
    {
        var start = Heartbeat.Now;
        while (_servers.Exists(static server => server.ActiveConnections > 0) || !_expected.IsEmpty)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(20).ConfigureAwait(false);
            if (Heartbeat.Now - start > s_longest)
            {
                Findings.Report($"{_servers.Sum(static server => server.ActiveConnections)} connections never end on the server's side.");
                return;
            }
        }
    }

    private void Work(int worker, long target)
    {
        var random = new Random(unchecked((_seed * 1_000_003) + (worker * 1_009) + (int)target));
        var running = new Task[CyclesAtOnce];
        var sentinels = Enumerable.Range(0, SentinelsPerThread).Select(static _ => new Sentinel()).ToArray();
        for (var batch = 0; ; batch++)
        {
            var first = Interlocked.Add(ref _begun, CyclesAtOnce) - CyclesAtOnce;
            if (first >= target)
            {
                break;
            }

            for (var index = 0; index < CyclesAtOnce; index++)
            {
                var client = new CycleClient(new Cycle(first + index, Pick(random), random.Next()), _victims);
                _watch.Put((worker * CyclesAtOnce) + index, client);
                running[index] = client.RunAsync(DialAsync);
            }

            if (!TryAwait(running, random))
            {
                break;
            }

            Interlocked.Add(ref _ended, CyclesAtOnce);
            if (batch * CyclesAtOnce % CyclesPerSentinel < CyclesAtOnce)
            {
                ref var sentinel = ref sentinels[random.Next(SentinelsPerThread)];
                sentinel.Relieve();
                sentinel.Dispose();
                sentinel = new Sentinel();
            }
        }

        Array.ForEach(sentinels, static sentinel => sentinel.Relieve());
        Array.ForEach(sentinels, static sentinel => sentinel.Dispose());
    }

    /// <summary>Waits for the cycles, and cuts connections of any thread meanwhile.</summary>
    private bool TryAwait(Task[] running, Random random)
    {
        var start = Heartbeat.Now;
        do
        {
            _victims.CutOne(random);
            if (Heartbeat.Now - start > s_longest)
            {
                Findings.Report("Cycles do not end.");
                return false;
            }
        }
        while (!Task.WaitAll(running, millisecondsTimeout: 1));

        return true;
    }
}
