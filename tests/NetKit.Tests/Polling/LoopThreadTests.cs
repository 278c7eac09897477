using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace NetKit.Tests.Polling;

/// <summary>Where user code goes on, and what it may do there to others.</summary>
public sealed class LoopThreadTests
{
    private static readonly SocketOptions s_polled = new() { Engine = SocketEngine.Polling };
    private static readonly AsyncLocal<string?> s_ambient = new();

    public LoopThreadTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_read_goes_on_inline_on_the_loop_that_saw_the_event()
    {
        // Not each: a leader that takes long, to compile its code for one, is replaced, and goes on beside the loop.
        Assert.NotEqual(0, await CountReadsOnLoopAsync(new ListenerOptions { Socket = s_polled }));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_read_goes_on_in_the_thread_pool_where_the_listener_says_so()
    {
        Assert.Equal(0, await CountReadsOnLoopAsync(new ListenerOptions { Socket = s_polled, RunContinuationsAsynchronously = true }));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_read_goes_on_in_the_thread_pool_where_the_server_says_so()
    {
        Assert.Equal(
            0,
            await CountReadsOnLoopAsync(new ListenerOptions { Socket = s_polled }, new ConnectionServerOptions { RunContinuationsAsynchronously = true }));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Handlers_that_block_their_threads_hold_up_nobody()
    {
        using var release = new ManualResetEventSlim();
        var blocked = 0;
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                var buffer = new byte[1];
                while (await connection.ReadAsync(buffer, stopping) > 0)
                {
                    if (buffer[0] == 'b')
                    {
                        Interlocked.Increment(ref blocked);
                        release.Wait(stopping);
                    }

                    await connection.WriteAsync(buffer, stopping);
                }
            },
            listening: new ListenerOptions { Socket = s_polled });
        var free = await server.DialServedAsync();
        var waiting = new List<Connection>();
        for (var count = 0; count < 50; count++)
        {
            var client = await server.DialServedAsync();
            await client.WriteAsync("b"u8.ToArray());
            waiting.Add(client);
        }

        await Eventually.Equal(waiting.Count, () => Volatile.Read(ref blocked));
        await RunningServer.AssertEchoes(free);
        await server.DialServedAsync();

        release.Set();
        foreach (var client in waiting)
        {
            Assert.Equal('b', await Talk.ReadByteAsync(client));
            await RunningServer.AssertEchoes(client);
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_handler_that_always_finds_data_lets_the_others_have_their_turn()
    {
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                var buffer = new byte[1];
                while (await connection.ReadAsync(buffer, stopping) > 0)
                {
                    if (buffer[0] != 'f')
                    {
                        await connection.WriteAsync(buffer, stopping);
                    }
                }
            },
            listening: new ListenerOptions { Socket = s_polled });
        var flooding = await server.DialAsync();
        using var stop = new CancellationTokenSource();
        var flood = Task.Run(async () =>
        {
            var data = new byte[256 * 1024];
            data.AsSpan().Fill((byte)'f');
            while (!stop.IsCancellationRequested)
            {
                await flooding.WriteAsync(data);
            }
        });
        for (var count = 0; count < 20; count++)
        {
            await server.DialServedAsync();
        }

        await stop.CancelAsync();
        flooding.Abort();
        await flood.IgnoringFailedConnection();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task What_one_handler_leaves_in_its_ambient_state_no_other_sees()
    {
        var seen = new List<string?>();
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                var buffer = new byte[1];
                while (await connection.ReadAsync(buffer, stopping) > 0)
                {
                    lock (seen)
                    {
                        seen.Add(s_ambient.Value);
                    }

                    s_ambient.Value = $"left by {connection.Id}";
                    SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
                    await connection.WriteAsync(buffer, stopping);
                    return;
                }
            },
            listening: new ListenerOptions { Socket = s_polled });
        for (var count = 0; count < 50; count++)
        {
            await server.DialServedAsync();
        }

        Assert.Equal(50, seen.Count);
        Assert.All(seen, Assert.Null);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_was_dropped_is_closed_though_its_peer_is_silent()
    {
        using var pair = SocketPair.Tcp();
        await ReadOnceAndDropAsync(pair.First, pair.Second);
        pair.Second.ReceiveTimeout = 10;
        await Eventually.True(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                try
                {
                    return pair.Second.Receive(new byte[1]) == 0;
                }
                catch (SocketException exception)
                {
                    return exception.SocketErrorCode != SocketError.WouldBlock && exception.SocketErrorCode != SocketError.TimedOut;
                }
            },
            "the dropped connection is closed");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task ReadOnceAndDropAsync(Socket socket, Socket peer)
    {
        var connection = Connection.FromSocket(socket, s_polled);
        var read = connection.ReadAsync(new byte[1]);
        peer.Send([1]);
        Assert.Equal(1, await read);
    }

    private static async Task<int> CountReadsOnLoopAsync(ListenerOptions listening, ConnectionServerOptions? options = null)
    {
        var onLoop = 0;
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                var buffer = new byte[1];
                while (await connection.ReadAsync(buffer, stopping) > 0)
                {
                    Interlocked.Add(ref onLoop, LoopThread.CurrentLoop is null ? 0 : 1);
                    await connection.WriteAsync(buffer, stopping);
                }
            },
            options,
            listening: listening);
        var client = await server.DialAsync();
        for (var count = 0; count < 200; count++)
        {
            await RunningServer.AssertEchoes(client);
        }

        return Volatile.Read(ref onLoop);
    }
}
