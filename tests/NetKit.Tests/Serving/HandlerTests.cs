namespace NetKit.Tests.Serving;

public sealed class HandlerTests
{
    // The stable id of "the handler failed", which operators filter by.
    private const int HandlerFailed = 204;

    [Fact]
    public async Task Every_client_is_served()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync);
        for (byte number = 0; number < 50; number++)
        {
            await RunningServer.AssertEchoes(await server.DialAsync(), number);
        }

        Assert.Equal(50, server.Server.ActiveConnections);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Handlers_run_off_the_loops_when_the_server_is_told_so()
    {
        Assert.SkipUnless(SocketEngines.IsPolled(SocketEngine.Automatic), "Only the engine on Linux has loops.");
        Assert.Equal((false, false), await WhereHandlersRunAsync(elsewhere: true));

        // Else on them: not always, because a loop that was held up meanwhile has gone on with another thread.
        while (await WhereHandlersRunAsync(elsewhere: false) != (true, true))
        {
        }

        static async Task<(bool Begun, bool Continued)> WhereHandlersRunAsync(bool elsewhere)
        {
            var onLoop = new TaskCompletionSource<(bool Begun, bool Continued)>();
            await using var server = RunningServer.OnTcp(
                async (connection, stopping) =>
                {
                    var begun = LoopThread.CurrentLoop is not null;
                    Assert.Equal(1, await connection.ReadAsync(new byte[1], stopping));
                    onLoop.SetResult((begun, LoopThread.CurrentLoop is not null));
                },
                new ConnectionServerOptions { RunContinuationsAsynchronously = elsewhere });
            await server.AskAsync();
            return await onLoop.Task.Within();
        }
    }

    [Fact]
    public async Task A_connection_is_closed_politely_when_its_handler_returns()
    {
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) => await connection.WriteAsync("bye"u8.ToArray(), stopping));
        var client = await server.DialAsync();
        using var reader = new StreamReader(client, leaveOpen: true);
        Assert.Equal("bye", await reader.ReadToEndAsync(TestContext.Current.CancellationToken).Within());
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
    }

    [Fact]
    public async Task A_handler_may_close_its_connection_itself()
    {
        var logger = new RecordingLogger();
        await using var server = RunningServer.OnTcp(async (connection, _) => await connection.DisposeAsync(), logger: logger);
        Assert.Equal(-1, await server.AskAsync());
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        Assert.Equal(0, logger.CountOf(HandlerFailed));
    }

    [Fact]
    public async Task A_failure_that_cannot_be_described_does_not_end_the_process()
    {
        await using var listener = ConnectionListener.CreateInMemory(out _);
        await using var server = new ConnectionServer(
            listener, (_, _) => Task.FromException(new SpeechlessException()), loggerFactory: new RecordingLogger());

        // What Execute throws ends the process: it is the thread pool that calls it.
        var connection = Connection.CreatePair().First;
        ConnectionReport.Began(connection); // as the server does before
        Assert.Null(Record.Exception(new ServedConnection(server, connection).Execute));
    }

    public static TheoryData<string> Failures => new("throws at once", "throws later", "returns null", "is cancelled");

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_handler_that_fails_closes_its_own_connection_and_is_logged_once(string failure)
    {
        var logger = new RecordingLogger();
        var count = 0;
        await using var server = RunningServer.OnTcp(
            (connection, stopping) => Interlocked.Increment(ref count) == 2 ? Fail(failure) : RunningServer.EchoAsync(connection, stopping),
            logger: logger);

        var first = await server.DialServedAsync();
        Assert.Equal(-1, await server.AskAsync());
        var third = await server.DialServedAsync();

        await RunningServer.AssertEchoes(first);
        await RunningServer.AssertEchoes(third);
        await Eventually.Equal(2, () => server.Server.ActiveConnections);
        Assert.Equal(1, logger.CountOf(HandlerFailed));
        await server.StopAsync();
        Assert.Equal(0, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task The_logged_failure_names_the_connection_and_carries_the_exception()
    {
        var logger = new RecordingLogger();
        var thrown = new InvalidOperationException("on purpose");
        await using var server = RunningServer.OnTcp((_, _) => throw thrown, logger: logger);
        var client = await server.DialAsync();
        Assert.Equal(-1, await Talk.TryReadByteAsync(client));
        await Eventually.Equal(1, () => logger.CountOf(HandlerFailed));
        var entry = logger.Entries.Single(entry => entry.Id == HandlerFailed);
        Assert.Same(thrown, entry.Exception);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Error, entry.Level);
        Assert.Contains(client.LocalEndPoint!.ToString()!, entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_hangs_up_is_no_failure_of_the_handler()
    {
        var logger = new RecordingLogger();
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, logger: logger);
        for (var times = 0; times < 20; times++)
        {
            (await server.DialServedAsync()).Abort();
        }

        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        Assert.Equal(0, logger.CountOf(HandlerFailed));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_logger_that_throws_changes_nothing(string failure)
    {
        var logger = new RecordingLogger(throws: true);
        var count = 0;
        await using var server = RunningServer.OnTcp(
            (connection, stopping) => Interlocked.Increment(ref count) % 2 == 0 ? Fail(failure) : RunningServer.EchoAsync(connection, stopping),
            new ConnectionServerOptions { MaxConnections = 20 },
            logger);
        for (var times = 0; times < 10; times++)
        {
            await server.DialServedAsync();
            Assert.Equal(-1, await server.AskAsync());
        }

        await Eventually.Equal(10, () => server.Server.ActiveConnections);
        await server.StopAsync();
        Assert.Equal(0, server.Server.ActiveConnections);
        Assert.NotEmpty(logger.Entries);
    }

    [Fact]
    public async Task A_handler_that_blocks_its_thread_holds_up_no_accept()
    {
        using var release = new ManualResetEventSlim();
        var count = 0;
        await using var server = RunningServer.OnTcp((connection, stopping) =>
        {
            if (Interlocked.Increment(ref count) == 1)
            {
                release.Wait(stopping);
            }

            return RunningServer.EchoAsync(connection, stopping);
        });
        var blocked = await server.DialAsync();
        await Eventually.Equal(1, () => Volatile.Read(ref count));
        await server.DialServedAsync();
        release.Set();
        await RunningServer.AssertEchoes(blocked);
    }

    private static Task Fail(string failure) => failure switch
    {
        "throws at once" => throw new InvalidOperationException(failure),
        "throws later" => ThrowLater(),
        "returns null" => null!,
        _ => Task.FromCanceled(new CancellationToken(canceled: true)),
    };

    private static async Task ThrowLater()
    {
        await Task.Yield();
        throw new InvalidOperationException("throws later");
    }

    private sealed class SpeechlessException() : ConnectionException(ConnectionError.Unknown, "read")
    {
        public override string Message => throw new InvalidOperationException("on purpose");
    }
}
