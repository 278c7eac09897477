using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NetKit.Tests.Hosting;

/// <summary>Applications with what a test adds and nothing else.</summary>
internal static class TestHost
{
    public static IPEndPoint AnyPort => new(IPAddress.Loopback, 0);

    public static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        add(builder.Services);
        return builder.Build();
    }

    public static async Task<IHost> StartAsync(Action<IServiceCollection> add)
    {
        var host = Build(add);
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken).Within();
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    public static HostedConnectionServer Server(this IHost host) => host.Services.GetRequiredService<HostedConnectionServer>();

    public static async Task<Socket> ConnectAsync(this HostedConnectionServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.LocalEndPoints[0], TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Sends a text and receives it back.</summary>
    public static async Task EchoesAsync(this Socket socket, string text)
    {
        await socket.SendTextAsync(text);
        Assert.Equal(text, await socket.ReceiveUntilAsync(text));
    }

    /// <summary>The section NetKit of a configuration that has nothing else.</summary>
    public static IConfigurationSection Section(params (string Key, string? Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"NetKit:{setting.Key}", setting.Value)))
        .Build()
        .GetSection("NetKit");

    /// <summary>An endpoint as people write it.</summary>
    public static string Format(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint { Host: var host, Port: var port } => $"{host}:{port}",
        UnixDomainSocketEndPoint => $"unix:{endPoint}",
        _ => $"{endPoint}",
    };

    /// <summary>An endpoint at which nobody listens.</summary>
    public static IPEndPoint Nobody()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(AnyPort);
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
