using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace NetKit.Tests.Hosting.Settings;

/// <summary>Values at the ends of what can be written: each is refused by its name, or lived with.</summary>
public sealed class AbsurdValueTests
{
    private static readonly string[] s_integers = ["-2147483648", "-1", "0", "1", "2147483647"];
    private static readonly string[] s_numbers = ["-1e308", "-1", "0", "1e-308", "1", "1e308"];
    private static readonly string[] s_durations =
    [
        "-10675199.02:48:05.4775808", "-00:00:01", "00:00:00", "00:00:00.0000001", "49.17:02:47.2960000", "24855 d", "10675199.02:48:05.4775807", "infinite",
    ];

    public static TheoryData<Type, string, string> Owners => ConfigurationTests.Owners;

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Owners))]
    public async Task No_value_gets_past_the_start_to_break_something_later(Type type, string kind, string section)
    {
        using var echo = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        var endPoint = TestHost.Format(echo.Server().LocalEndPoints[0]);
        foreach (var property in type.GetProperties())
        {
            foreach (var value in ValuesOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType))
            {
                var (key, says) = (section + property.Name, $"{section}{property.Name} = {value}");
                try
                {
                    using var host = await TestHost.StartAsync(services => Add(services, kind, endPoint, (key, value)));
                    await UseAsync(host, kind, echo.Server());
                    await host.StopAsync().Within();
                }
                catch (OptionsValidationException exception)
                {
                    Assert.True(exception.Message.Contains(property.Name, StringComparison.Ordinal), $"{says}: {exception.Message}");
                }
                catch (Exception exception)
                {
                    Assert.Fail($"{says}: {exception}");
                }
            }
        }

        await echo.StopAsync().Within();
    }

    private static string[] ValuesOf(Type type) =>
        type == typeof(int) ? s_integers
        : type == typeof(double) ? s_numbers
        : type == typeof(TimeSpan) ? s_durations
        : [];

    private static void Add(IServiceCollection services, string kind, string endPoint, (string Key, string? Value) setting)
    {
        switch (kind)
        {
            case "server":
                services.AddConnectionServer<EchoHandler>(TestHost.Section(("EndPoint", "127.0.0.1:0"), ("ProxyProtocol:TrustedNetworks:0", "127.0.0.0/8"), setting));
                break;
            case "dialer":
                services.AddDialer(TestHost.Section(setting));
                break;
            default:
                services.AddConnectionPool("pool", TestHost.Section(("EndPoint", endPoint), setting));
                break;
        }
    }

    // A limit so short that nothing gets through is no mistake.
    private static async Task UseAsync(IHost host, string kind, HostedConnectionServer echo)
    {
        try
        {
            switch (kind)
            {
                case "server":
                    using (var client = await host.Server().ConnectAsync())
                    {
                        await client.SendTextAsync("PROXY UNKNOWN\r\n");
                        await client.EchoesAsync("hello");
                    }

                    break;
                case "dialer":
                    await using (var connection = await host.Services.GetRequiredService<IDialer>().DialAsync(echo.LocalEndPoints[0]).Within())
                    {
                        await connection.WriteAsync("hello"u8.ToArray());
                        await connection.ReadExactlyAsync(new byte[5]).Within();
                    }

                    break;
                default:
                    await using (var lease = await host.Services.GetRequiredService<ConnectionPool>().AcquireAsync().Within())
                    {
                        lease.Return();
                    }

                    break;
            }
        }
        catch (Exception exception) when (exception is ConnectionException or SocketException)
        {
        }
    }
}
