using System.Net;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace NetKit.Tests.Hosting.Settings;

/// <summary>Options of servers, dialers and pools from the configuration.</summary>
public sealed class ConfigurationTests
{
    private const int Watchdog = 120_000;

    private static readonly HostedServerOptions s_server = new();

    // The types of options, by the section that they are set in.
    public static TheoryData<Type, string, string> Owners => new()
    {
        { typeof(ConnectionServerOptions), "server", "" },
        { typeof(ListenerOptions), "server", "Listener:" },
        { typeof(SocketOptions), "server", "Listener:Socket:" },
        { typeof(ProxyProtocolOptions), "server", "ProxyProtocol:" },
        { typeof(DialerOptions), "dialer", "" },
        { typeof(SocketOptions), "dialer", "Socket:" },
        { typeof(RetryOptions), "dialer", "Retry:" },
        { typeof(CircuitBreakerOptions), "dialer", "Retry:CircuitBreaker:" },
        { typeof(ConnectionPoolOptions), "pool", "" },
    };

    [Theory]
    [MemberData(nameof(Owners))]
    public void Every_option_that_is_a_plain_value_can_be_set(Type type, string kind, string section)
    {
        var properties = type.GetProperties().Where(property => Sample(property) is not null).ToArray();
        Assert.NotEmpty(properties);
        Assert.All(properties, property =>
        {
            var (text, expected) = Sample(property)!.Value;
            Assert.Equal(expected, property.GetValue(Read(kind, section, (section + property.Name, text))));
        });
    }

    [Fact]
    public void What_is_not_a_plain_value_can_be_set_too()
    {
        var options = Read(new HostedServerOptions(), ServerSettings.ReadInto,
            ("EndPoints:0", "127.0.0.1:1"),
            ("EndPoints:1", "unix:/x"),
            ("MinReceiveRate:BytesPerSecond", "240.5"),
            ("MinReceiveRate:GracePeriod", "5 s"),
            ("ProxyProtocol:TrustedNetworks:0", "10.0.0.0/8"),
            ("Listener:UnixSocketMode", "660"),
            ("CertificatePath", "a"),
            ("CertificateKeyPath", "b"),
            ("CertificatePassword", "c"));
        Assert.Equal(["127.0.0.1:1", "unix:/x"], options.EndPoints.Select(TestHost.Format));
        Assert.Equal((240.5, TimeSpan.FromSeconds(5)), (options.Server.MinReceiveRate!.BytesPerSecond, options.Server.MinReceiveRate.GracePeriod));
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], options.Server.ProxyProtocol!.TrustedNetworks);
        Assert.Equal((UnixFileMode)0b110_110_000, options.Listener.UnixSocketMode);
        Assert.Equal(("a", "b", "c"), (options.CertificatePath, options.CertificateKeyPath, options.CertificatePassword));
        Assert.Equal("unix:/y", TestHost.Format(Read(new HostedServerOptions(), ServerSettings.ReadInto, ("EndPoint", "unix:/y")).EndPoints[0]));

        var dialer = Read(new HostedDialerOptions(), DialerSettings.ReadInto, ("LocalEndPoint", "127.0.0.1:0"), ("Tls", "true"));
        Assert.Equal(TestHost.AnyPort, dialer.Dialer.LocalEndPoint);
        Assert.NotNull(dialer.Dialer.Tls);
        Assert.Null(dialer.Retry);
        Assert.Equal("localhost:80", TestHost.Format(Read(new HostedPoolOptions(), PoolSettings.ReadInto, ("EndPoint", "localhost:80")).EndPoint!));
    }

    [Fact]
    public void What_is_not_in_the_configuration_stays_as_it_is()
    {
        var options = Read(new HostedServerOptions { CertificatePath = "kept" }, ServerSettings.ReadInto, ("MaxConnections", null), ("DrainTimeout", ""), ("EndPoint", "*:1"));
        Assert.Equal(s_server.Server.MaxConnections, options.Server.MaxConnections);
        Assert.Equal(s_server.Server.DrainTimeout, options.Server.DrainTimeout);
        Assert.Equal("kept", options.CertificatePath);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("MaxConnections", "many", "NetKit:MaxConnections is \"many\"; expected a whole number")]
    [InlineData("MaxConnections", "0", "NetKit: ConnectionServerOptions.MaxConnections must be at least 1", "0")]
    [InlineData("MaxConections", "10", "NetKit:MaxConections is not a setting", "MaxConnections")]
    [InlineData("LimitMode", "Later", "NetKit:LimitMode is \"Later\"; expected Wait, Reject")]
    [InlineData("DrainTimeout", "30", "NetKit:DrainTimeout is \"30\"; expected a duration")]
    [InlineData("DrainTimeout", "2 d", "NetKit: ConnectionServerOptions.DrainTimeout must be from zero to a day", "2.00:00:00")]
    [InlineData("EndPoint", "localhost", "NetKit:EndPoint is \"localhost\"; expected host:port")]
    [InlineData("EndPoints:1", "x", "NetKit:EndPoints:1 is \"x\"; expected host:port")]
    [InlineData("Listener", "512", "NetKit:Listener is \"512\"; expected a section")]
    [InlineData("Listener:Backlog", "0", "ListenerOptions.Backlog must be at least 1", "0")]
    [InlineData("Listener:Backlok", "1", "NetKit:Listener:Backlok is not a setting", "Backlog")]
    [InlineData("Listener:UnixSocketMode", "999", "NetKit:Listener:UnixSocketMode is \"999\"; expected a file mode")]
    [InlineData("Listener:Socket:NoDelay", "1", "NetKit:Listener:Socket:NoDelay is \"1\"; expected true or false")]
    [InlineData("MinReceiveRate:BytesPerSecond", "240", "NetKit:MinReceiveRate: GracePeriod must be set")]
    [InlineData("ProxyProtocol:TrustedNetworks:0", "10.0.0.0/99", "NetKit:ProxyProtocol:TrustedNetworks:0 is \"10.0.0.0/99\"; expected a network")]
    [InlineData("CertificateKeyPath", "key.pem", "HostedServerOptions.CertificatePath must be set")]
    public async Task Nonsense_fails_the_start_by_section_property_and_value(string key, string value, params string[] said)
    {
        var section = TestHost.Section(("EndPoints:0", "127.0.0.1:0"), (key, value));
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(section)));
        Assert.All(said, words => Assert.Contains(words, exception.Message, StringComparison.Ordinal));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Everything_that_is_wrong_is_told_at_once_and_so_is_a_section_that_is_missing()
    {
        var section = TestHost.Section(("EndPoint", "x"), ("MaxConnections", "y"), ("Listener:Backlog", "z"));
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(section)));
        Assert.Equal(3, exception.Failures.Count());
        exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.Section())));
        Assert.Contains("no section NetKit", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_without_an_endpoint_or_with_a_strange_one_fails_the_start()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>("nowhere", static _ => { })));
        Assert.Contains("nowhere: HostedServerOptions.EndPoints must", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(
            services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort, options => options.EndPoints.Add(null!))));
    }

    [Fact(Timeout = Watchdog)]
    public async Task What_changes_while_the_application_runs_takes_effect_with_its_next_start()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("NetKit:EndPoint", (string?)"127.0.0.1:0"), KeyValuePair.Create("NetKit:MaxConnections", (string?)"7")])
            .Build();
        void Add(IServiceCollection services) => services.AddConnectionServer<EchoHandler>(configuration.GetSection("NetKit"));
        using (var host = await TestHost.StartAsync(Add))
        {
            configuration["NetKit:MaxConnections"] = "nonsense";
            configuration.Reload();
            using var client = await host.Server().ConnectAsync();
            await client.EchoesAsync("hello");
            Assert.Equal(7, host.Server().MaxConnections);
            await host.StopAsync().Within();
        }

        await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(Add));
        configuration["NetKit:MaxConnections"] = "8";
        using var next = await TestHost.StartAsync(Add);
        Assert.Equal(8, next.Server().MaxConnections);
        await next.StopAsync().Within();
    }

    private static TOptions Read<TOptions>(TOptions options, Action<SettingsReader, TOptions> read, params (string Key, string? Value)[] settings)
    {
        TestHost.Section(settings).Read(options, read);
        return options;
    }

    private static object Read(string kind, string section, (string Key, string? Value) setting)
    {
        switch (kind)
        {
            case "server":
                var server = Read(new HostedServerOptions(), ServerSettings.ReadInto, setting);
                return section switch
                {
                    "" => server.Server,
                    "Listener:" => server.Listener,
                    "ProxyProtocol:" => server.Server.ProxyProtocol!,
                    _ => server.Listener.Socket,
                };
            case "dialer":
                var dialer = Read(new HostedDialerOptions(), DialerSettings.ReadInto, setting);
                return section switch
                {
                    "" => dialer.Dialer,
                    "Retry:" => dialer.Retry!,
                    "Retry:CircuitBreaker:" => dialer.Retry!.CircuitBreaker!,
                    _ => dialer.Dialer.Socket,
                };
            default:
                return Read(new HostedPoolOptions(), PoolSettings.ReadInto, setting).Pool;
        }
    }

    // A value that is the default of no option.
    private static (string Text, object Value)? Sample(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return type == typeof(int) ? ("77", 77)
            : type == typeof(double) ? ("0.77", 0.77)
            : type == typeof(TimeSpan) ? ("77 s", TimeSpan.FromSeconds(77))
            : type == typeof(bool) ? DefaultOf(property) ? ("false", false) : ("true", true)
            : type == typeof(UnixFileMode) ? ("600", UnixFileMode.UserRead | UnixFileMode.UserWrite)
            : type.IsEnum ? (Enum.GetNames(type)[^1], Enum.GetValues(type).GetValue(Enum.GetNames(type).Length - 1)!)
            : null;
    }

    private static bool DefaultOf(PropertyInfo property) => (bool)property.GetValue(Activator.CreateInstance(property.DeclaringType!))!;
}
