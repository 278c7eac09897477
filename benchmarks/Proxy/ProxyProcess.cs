using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace NetKit.Benchmarks;

/// <summary>A running proxy. It ends with this program, however that ends.</summary>
internal sealed class ProxyProcess : IDisposable
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    private readonly ProxyScenario _scenario;
    private readonly Process _process;
    private readonly string _port = FreePort();

    public ProxyProcess(ProxyKind kind, ProxyScenario scenario, string backendPort)
    {
        (Kind, _scenario) = (kind, scenario);
        string[] line = ["setpriv", "--pdeathsig", "KILL", .. scenario.ProxyPlace, .. kind.Command(_port, backendPort)];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardOutput = true,
            Environment = { ["PROXY_PORT"] = _port, ["BACKEND_PORT"] = backendPort, ["PROXY_THREADS"] = scenario.Threads, ["PROXY_BUFFER"] = $"{kind.BufferSize}" },
        };
        _process = Process.Start(start)!;

        // What it says is not what we want to know, but a full pipe would stop it.
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        AwaitListening();
    }

    public ProxyKind Kind { get; }

    /// <summary>Puts load on it by the generator's own process.</summary>
    public Slice Measure(double warmup, double seconds)
    {
        var generator = Command.Start(
        [
            .. _scenario.LoadPlace, Command.PathOf("bin/native/generator"), .. _scenario.Load,
            "--port", _port, "--server", $"{_process.Id}", "--warmup", Text(warmup), "--seconds", Text(seconds),
        ]);
        try
        {
            // It says so when the measured time begins, and prints what it found when that is over.
            _ = generator.StandardOutput.ReadLine();
            var result = generator.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The generator gave up on {Kind.Name}.");
            return JsonSerializer.Deserialize<Slice>(result, s_json)!;
        }
        finally
        {
            Command.End(generator);
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
    }

    private static string Text(double seconds) => ResultTable.Number(seconds, "0.###");

    private void AwaitListening()
    {
        for (var wait = 0; wait < 200; wait++)
        {
            try
            {
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                probe.Connect(IPAddress.Loopback, int.Parse(_port, CultureInfo.InvariantCulture));
                return;
            }
            catch (SocketException)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(50));
            }
        }

        throw new InvalidOperationException($"{Kind.Name} does not listen.");
    }
}
