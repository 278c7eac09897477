using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Hosting.Serving;

/// <summary>Handlers and what they need, from the container, through every way to fail.</summary>
public sealed class HandlerLifetimeTests
{
    private const int Watchdog = 120_000;

    [Theory(Timeout = Watchdog)]
    [InlineData(Mishap.None, false)]
    [InlineData(Mishap.ThrowsAtOnce, true)]
    [InlineData(Mishap.ThrowsLater, true)]
    [InlineData(Mishap.ThrowsWhenDisposed, true)]
    public async Task What_a_connection_needed_is_disposed_once_however_its_handler_ended(Mishap mishap, bool isLogged)
    {
        var (logs, books) = (new LogBook(), new Books { Mishap = mishap });
        using var host = await StartAsync(books, logs, services => services.AddScoped<SyncNeed>().AddScoped<AsyncNeed>());
        for (var round = 1; round <= 2; round++)
        {
            using (var client = await host.Server().ConnectAsync())
            {
                if (mishap != Mishap.ThrowsAtOnce)
                {
                    // Who closes without having read it would send a reset.
                    await client.SendTextAsync("x");
                }

                Assert.Equal("", await client.ReceiveToEndAsync());
            }

            await Eventually.Equal(0, () => host.Server().ActiveConnections);
            Assert.Equal(round, books.Handlers);
            if (mishap != Mishap.ThrowsWhenDisposed)
            {
                // Else the container goes no further.
                Assert.Equal((round, round), (books.SyncNeeds, books.AsyncNeeds));
            }
        }

        Assert.Equal(isLogged ? 2 : 0, logs.Entries.Count(static entry => entry.StartsWith("Error", StringComparison.Ordinal)));
        await host.StopAsync().Within();
        Assert.Equal(2, books.Handlers);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(Mishap.ThrowsWhenMade, "no handler today")]
    [InlineData(Mishap.NeedIsMissing, nameof(AsyncNeed))]
    public async Task A_handler_that_cannot_be_made_costs_its_connection_and_is_logged(Mishap mishap, string said)
    {
        var (logs, books) = (new LogBook(), new Books { Mishap = mishap });
        using var host = await StartAsync(books, logs, services =>
        {
            services.AddScoped<SyncNeed>();
            if (mishap != Mishap.NeedIsMissing)
            {
                services.AddScoped<AsyncNeed>();
            }
        });
        using (var client = await host.Server().ConnectAsync())
        {
            Assert.Equal("", await client.ReceiveToEndAsync());
        }

        await Eventually.Equal(0, () => host.Server().ActiveConnections);
        Assert.Contains(said, Assert.Single(logs.Entries, static entry => entry.StartsWith("Error", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(books.NeedsMade, books.SyncNeeds + books.AsyncNeeds);
        await host.StopAsync().Within();
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(Mishap.ThrowsWhenMade, "no handler today")]
    [InlineData(Mishap.NeedIsMissing, nameof(AsyncNeed))]
    public async Task A_handler_for_all_connections_that_cannot_be_made_fails_the_start_and_leaves_no_listener(Mishap mishap, string said)
    {
        var endPoint = TestHost.Nobody();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(services =>
        {
            services.AddSingleton(new Books { Mishap = mishap }).AddSingleton<SyncNeed>();
            if (mishap != Mishap.NeedIsMissing)
            {
                services.AddSingleton<AsyncNeed>();
            }

            services.AddConnectionServer<EchoHandler>(endPoint).AddConnectionServer<NeedyHandler>(TestHost.AnyPort);
        }));
        Assert.Contains(said, exception.Message, StringComparison.Ordinal);
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(endPoint));
        await host.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task Nothing_scoped_leaks_into_what_lives_for_all()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        builder.Services.AddSingleton(new Books()).AddScoped<SyncNeed>().AddScoped<AsyncNeed>().AddScoped<NeedyHandler>();
        builder.Services
            .AddConnectionServer<NeedyHandler>(TestHost.AnyPort)
            .AddConnectionServer<EchoHandler>(TestHost.AnyPort)
            .AddDialer()
            .AddConnectionPool("db", TestHost.Nobody());
        builder.Services.AddHealthChecks().AddNetKitPool("db").AddNetKitServer(nameof(EchoHandler));
        using var host = builder.Build();
        await host.StartAsync().Within();
        using var client = await host.Services.GetRequiredKeyedService<HostedConnectionServer>(nameof(NeedyHandler)).ConnectAsync();
        await client.SendTextAsync("x");
        Assert.Equal("", await client.ReceiveToEndAsync());
        await host.StopAsync().Within();
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(ServiceLifetime.Singleton)]
    [InlineData(ServiceLifetime.Scoped)]
    public async Task A_handler_sees_nothing_of_the_context_in_which_the_host_was_started(ServiceLifetime lifetime)
    {
        ContextHandler.Ambient.Value = "of the start";
        using var host = await TestHost.StartAsync(services =>
        {
            services.Add(new ServiceDescriptor(typeof(ContextHandler), typeof(ContextHandler), lifetime));
            services.AddConnectionServer<ContextHandler>(TestHost.AnyPort);
        });
        using var client = await host.Server().ConnectAsync();
        Assert.Equal("none, none", await client.ReceiveToEndAsync());
        await host.StopAsync().Within();
    }

    private static Task<IHost> StartAsync(Books books, LogBook logs, Action<IServiceCollection> add) => TestHost.StartAsync(services =>
    {
        services.AddLogging(logging => logging.AddProvider(logs)).AddSingleton(books).AddTransient<NeedyHandler>();
        add(services);
        services.AddConnectionServer<NeedyHandler>(TestHost.AnyPort);
    });

    /// <summary>What happens to a handler.</summary>
    public enum Mishap
    {
        None,
        ThrowsWhenMade,
        NeedIsMissing,
        ThrowsAtOnce,
        ThrowsLater,
        ThrowsWhenDisposed,
    }

    /// <summary>Tells what is in its context, at once and later.</summary>
    private sealed class ContextHandler : IConnectionHandler
    {
        public static readonly AsyncLocal<string?> Ambient = new();

        public async Task HandleAsync(Connection connection, CancellationToken stopping)
        {
            var atOnce = Ambient.Value ?? "none";
            await Task.Yield();
            await connection.WriteAsync(Encoding.ASCII.GetBytes($"{atOnce}, {Ambient.Value ?? "none"}"), stopping);
        }
    }

    /// <summary>How many of each kind were disposed.</summary>
    private sealed class Books
    {
        public int NeedsMade;
        public int Handlers;
        public int SyncNeeds;
        public int AsyncNeeds;

        public Mishap Mishap { get; init; }
    }

    private sealed class SyncNeed : IDisposable
    {
        private readonly Books _books;

        public SyncNeed(Books books) => Interlocked.Increment(ref (_books = books).NeedsMade);

        public void Dispose() => Interlocked.Increment(ref _books.SyncNeeds);
    }

    private sealed class AsyncNeed : IAsyncDisposable
    {
        private readonly Books _books;

        public AsyncNeed(Books books) => Interlocked.Increment(ref (_books = books).NeedsMade);

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Interlocked.Increment(ref _books.AsyncNeeds);
        }
    }

    private sealed class NeedyHandler : IConnectionHandler, IAsyncDisposable
    {
        private readonly Books _books;

        public NeedyHandler(Books books, SyncNeed syncNeed, AsyncNeed asyncNeed)
        {
            _books = books;
            Assert.NotNull(syncNeed);
            Assert.NotNull(asyncNeed);
            Fail(Mishap.ThrowsWhenMade);
        }

        public Task HandleAsync(Connection connection, CancellationToken stopping)
        {
            Fail(Mishap.ThrowsAtOnce);
            return ReadOnceAsync(connection, stopping);
        }

        public ValueTask DisposeAsync()
        {
            Interlocked.Increment(ref _books.Handlers);
            Fail(Mishap.ThrowsWhenDisposed);
            return default;
        }

        private async Task ReadOnceAsync(Connection connection, CancellationToken stopping)
        {
            await connection.ReadExactlyAsync(new byte[1], stopping);
            Fail(Mishap.ThrowsLater);
        }

        private void Fail(Mishap mishap)
        {
            if (_books.Mishap == mishap)
            {
                throw new InvalidOperationException("no handler today");
            }
        }
    }
}
