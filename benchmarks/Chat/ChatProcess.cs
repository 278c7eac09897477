using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>A running chat server. It ends with this program, however that ends.</summary>
internal sealed class ChatProcess : IDisposable
{
    private readonly Process _process;

    public ChatProcess(ChatKind kind)
    {
        Kind = kind;
        string[] line = ["setpriv", "--pdeathsig", "KILL", .. kind.Command(Port)];
        _process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

        // What it says is not what we want to know, but a full pipe would stop it.
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        AwaitListening();
    }

    public ChatKind Kind { get; }

    public string Port { get; } = FreePort();

    /// <summary>The pages in memory now, and at most so far, in bytes.</summary>
    public (long Now, long Most) Resident() => (Status("VmRSS:"), Status("VmHWM:"));

    /// <summary>User and system time so far.</summary>
    public TimeSpan Cpu()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private long Status(string field)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(field.Length, line.Length - field.Length - "kB".Length), CultureInfo.InvariantCulture);
    }

    private static string FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
    }

    private void AwaitListening()
    {
        for (var wait = 0; wait < 200; wait++)
        {
            try
            {
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                probe.Connect(IPAddress.Loopback, int.Parse(Port, CultureInfo.InvariantCulture));
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
