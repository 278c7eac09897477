using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Chat;

/// <summary>The Chat sample as a process of its own.</summary>
internal sealed class RunningChat : IAsyncDisposable
{
    private static readonly HttpClient s_http = new();

    private RunningChat(SampleProcess process, IPEndPoint address)
    {
        Process = process;
        Address = address;
    }

    public SampleProcess Process { get; }

    public IPEndPoint Address { get; }

    public static async Task<RunningChat> StartAsync(params string[] options)
    {
        var process = SampleProcess.Start("Chat", options.Contains("--listen") ? options : [.. options, "--listen", "127.0.0.1:0"]);
        var said = await process.SaysAsync(@"Chatting at http://(\S+)\.");
        return new RunningChat(process, IPEndPoint.Parse(said.Groups[1].Value));
    }

    public Uri Http(string path) => new($"http://{Address}{path}");

    public async Task<string> GetAsync(string path) => await s_http.GetStringAsync(Http(path)).Within();

    /// <summary>Reads one value of /metrics.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var lines = (await GetAsync("/metrics")).Split('\n');
        var line = lines.SingleOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        Assert.True(line is not null, $"There is no {name}.");
        return double.Parse(line.AsSpan(name.Length + 1), CultureInfo.InvariantCulture);
    }

    public Task MetricBecomesAsync(string name, double value) =>
        Eventually.True(() => MetricAsync(name).GetAwaiter().GetResult() == value, $"{name} should be {value}");

    public Task<ChatClient> JoinAsync(string name, string room = "lobby") => ChatClient.JoinAsync(this, name, room);

    /// <summary>Opens a connection that is in the hands of the test, byte by byte.</summary>
    /// <param name="room">Bytes that the system may hold of what it does not read; default: as many as the system likes.</param>
    public async Task<RawClient> ConnectAsync(int? room = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (room is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(Address);
        return new RawClient(socket);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
