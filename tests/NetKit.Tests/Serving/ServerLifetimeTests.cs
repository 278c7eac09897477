using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Serving;

public sealed class ServerLifetimeTests
{
    private static ConnectionListener Listen() => ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    [Fact]
    public async Task A_server_runs_once()
    {
        await using var server = new ConnectionServer(Listen(), RunningServer.EchoAsync);
        using var stop = new CancellationTokenSource();
        var run = server.RunAsync(stop.Token);
        Assert.Throws<InvalidOperationException>(() => { _ = server.RunAsync(CancellationToken.None); });
        await stop.CancelAsync();
        await run.Within();
        Assert.Throws<InvalidOperationException>(() => { _ = server.RunAsync(CancellationToken.None); });
    }

    [Fact]
    public async Task A_disposed_server_does_not_run()
    {
        var server = new ConnectionServer(Listen(), RunningServer.EchoAsync);
        await server.DisposeAsync();
        Assert.Throws<InvalidOperationException>(() => { _ = server.RunAsync(CancellationToken.None); });
    }

    [Fact]
    public async Task Told_to_stop_before_it_begins_it_serves_nobody_and_closes_its_listener()
    {
        var listener = Listen();
        await using var server = new ConnectionServer(listener, RunningServer.EchoAsync);
        Assert.Equal(new DrainResult(0, 0), await server.RunAsync(new CancellationToken(canceled: true)).Within());
        var exception = await Record.ExceptionAsync(() => listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask());
        WellFormed.Assert(exception, ConnectionError.Closed, "accept");
    }

    [Fact]
    public async Task Disposing_stops_it_and_waits_until_it_has_drained()
    {
        await using var running = RunningServer.OnTcp(RunningServer.EchoAsync);
        await running.DialServedAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => running.Server.DisposeAsync().AsTask())).Within();
        Assert.True(running.Run.IsCompletedSuccessfully);
        Assert.Equal(new DrainResult(1, 0), await running.Run);
        await running.Server.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_while_it_begins_waits_until_it_has_drained_too()
    {
        ConnectionServer? server = null;
        var early = false;
        var disposing = Task.CompletedTask;
        var logger = new HookedLogger(() =>
        {
            // As another thread may, in the middle of RunAsync.
            disposing = server!.DisposeAsync().AsTask();
            early = disposing.IsCompleted;
        });
        server = new ConnectionServer(Listen(), RunningServer.EchoAsync, loggerFactory: logger);
        await server.RunAsync(CancellationToken.None).Within();
        await disposing.Within();
        Assert.False(early, "The server was disposed before it had drained.");
    }

    [Fact]
    public async Task Listener_and_handler_are_required()
    {
        await using var listener = Listen();
        Assert.Equal("listener", Assert.Throws<ArgumentNullException>(() => new ConnectionServer((ConnectionListener)null!, RunningServer.EchoAsync)).ParamName);
        Assert.Equal("handler", Assert.Throws<ArgumentNullException>(() => new ConnectionServer(listener, null!)).ParamName);
    }

    /// <summary>Runs a hook once, at the first message.</summary>
    private sealed class HookedLogger(Action hook) : ILoggerFactory, ILogger
    {
        private Action? _hook = hook;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Interlocked.Exchange(ref _hook, null)?.Invoke();
    }
}
