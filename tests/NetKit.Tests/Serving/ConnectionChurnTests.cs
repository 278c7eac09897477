using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Serving;

/// <summary>What a server holds must be what its living connections need, however many have come and gone.</summary>
[Collection(nameof(Alone))]
public sealed class ConnectionChurnTests
{
    private const int Cycles = 100_000;
    private const int Dialers = 4;
    private const int Limit = 64;

    // The thread pool adds threads of its own accord and lets them go after 20 s. One a connection would be thousands.
    private const int PoolThreads = 16;

    [Fact]
    public async Task A_hundred_thousand_clients_that_reset_leave_nothing_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");
        var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var server = new ConnectionServer(
            listener, RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = Limit });
        var run = server.RunAsync(TestContext.Current.CancellationToken);

        await ChurnAsync(listener.LocalEndPoint, 1_000);
        await Eventually.Equal(0, () => server.ActiveConnections);
        var sockets = Sockets();
        var threads = Threads();

        await ChurnAsync(listener.LocalEndPoint, Cycles);
        await Eventually.Equal(0, () => server.ActiveConnections);
        await Eventually.True(() => Sockets() <= sockets, () => $"{sockets} sockets before, {Sockets()} now");
        await Eventually.True(() => Threads() <= threads + PoolThreads, () => $"{threads} threads before, {Threads()} now");

        await AssertEverySlotIsFree(listener, server);
        await server.DisposeAsync();
        Assert.Equal(0, (await run.Within()).Aborted);
    }

    /// <summary>As many clients as the limit allows are served at once, and one more is not.</summary>
    private static async Task AssertEverySlotIsFree(ConnectionListener listener, ConnectionServer server)
    {
        var clients = new List<Connection>();
        for (var count = 0; count < Limit; count++)
        {
            var client = Connection.FromSocket(await Dial.SocketAsync(listener));
            clients.Add(client);
            await RunningServer.AssertEchoes(client);
        }

        Assert.Equal(Limit, server.ActiveConnections);
        var oneMore = Connection.FromSocket(await Dial.SocketAsync(listener));
        await oneMore.WriteAsync("?"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = Talk.ReadByteAsync(oneMore);
        await RunningServer.AssertEchoes(clients[0]);
        Assert.False(answer.IsCompleted);
        clients[0].Abort();
        Assert.Equal('?', await answer);
        clients.ForEach(client => client.Abort());
        oneMore.Abort();
    }

    // Plain blocking sockets on threads of their own: the pool belongs to the server. A reset leaves no TIME_WAIT, and
    // many source addresses leave ports enough for those that the system has not forgotten yet.
    private static Task ChurnAsync(EndPoint endPoint, int cycles) => Task.WhenAll(Enumerable.Range(0, Dialers).Select(dialer =>
        Task.Factory.StartNew(
            () =>
            {
                for (var cycle = 0; cycle < cycles / Dialers; cycle++)
                {
                    using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    socket.LingerState = new LingerOption(true, 0);
                    socket.Bind(new IPEndPoint(new IPAddress([127, 0, (byte)dialer, (byte)(1 + (cycle % 250))]), 0));
                    socket.Connect(endPoint);
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

    // Sockets only: the runtime opens two descriptors for each assembly that it loads meanwhile.
    private static int Sockets() => new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Count(
        descriptor => descriptor.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    private static int Threads() => Directory.GetDirectories("/proc/self/task").Length;
}
