using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace NetKit.Tests.Hosting.Dialing;

/// <summary>The dialer of an application.</summary>
public sealed class DialerTests
{
    private const int Watchdog = 120_000;

    [Fact]
    public void It_dials_again_only_if_its_options_say_so()
    {
        using var once = new ServiceCollection().AddDialer().BuildServiceProvider();
        Assert.IsType<Dialer>(once.GetRequiredService<IDialer>());
        Assert.Same(once.GetRequiredService<IDialer>(), once.GetRequiredService<IDialer>());
        using var again = new ServiceCollection().AddDialer(options => options.Retry = new RetryOptions()).BuildServiceProvider();
        Assert.IsType<RetryingDialer>(again.GetRequiredService<IDialer>());
        using var configured = new ServiceCollection().AddDialer(TestHost.Section(("Retry:MaxRetryAttempts", "2"))).BuildServiceProvider();
        Assert.IsType<RetryingDialer>(configured.GetRequiredService<IDialer>());
    }

    [Fact(Timeout = Watchdog)]
    public async Task It_reaches_a_server_as_its_options_say()
    {
        var attempts = new List<DialAttempt>();
        using var host = await TestHost.StartAsync(services => services
            .AddConnectionServer<EchoHandler>(TestHost.AnyPort)
            .AddDialer(TestHost.Section(("ConnectTimeout", "10 s")), options => options.Dialer.OnAttempt = attempts.Add));
        await using (var connection = await host.Services.GetRequiredService<IDialer>().DialAsync(host.Server().LocalEndPoints[0]).Within())
        {
            await connection.WriteAsync("hello"u8.ToArray());
            var echo = new byte[5];
            await connection.ReadExactlyAsync(echo).AsTask().Within();
            Assert.Equal("hello"u8.ToArray(), echo);
        }

        Assert.Single(attempts);
        await host.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task The_circuit_of_the_configuration_opens()
    {
        using var provider = new ServiceCollection()
            .AddDialer(TestHost.Section(("Retry:MaxRetryAttempts", "0"), ("Retry:CircuitBreaker:MinimumThroughput", "1"), ("Retry:CircuitBreaker:BreakDuration", "30 s")))
            .BuildServiceProvider();
        var (dialer, nobody) = (provider.GetRequiredService<IDialer>(), TestHost.Nobody());
        Assert.Equal(ConnectionError.Refused, (await Assert.ThrowsAsync<DialException>(async () => await dialer.DialAsync(nobody))).Error);
        Assert.Equal(ConnectionError.CircuitOpen, (await Assert.ThrowsAsync<DialException>(async () => await dialer.DialAsync(nobody))).Error);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Nonsense_fails_the_start()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddDialer(options => options.Dialer.ConnectTimeout = TimeSpan.Zero)));
        Assert.Contains("HostedDialerOptions: DialerOptions.ConnectTimeout must", exception.Message, StringComparison.Ordinal);
        exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddDialer(TestHost.Section(("Retry:Multiplier", "0.5")))));
        Assert.Contains("RetryOptions.Multiplier must", exception.Message, StringComparison.Ordinal);
        exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddDialer(TestHost.Section(("Retry:Twice", "1")))));
        Assert.Contains("NetKit:Retry:Twice is not a setting", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddDialer(options => options.Dialer = null!)));
    }
}
