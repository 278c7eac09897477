using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NetKit.Tests;

/// <summary>Runs a server as a process of its own, which tests may kill, start again, and freeze. Killed with the test, whatever state it is in.</summary>
/// <param name="program">What to run.</param>
/// <param name="arguments">Its command line.</param>
/// <param name="ready">What a line of its output contains once it listens.</param>
internal sealed partial class ServerProcess(string program, string[] arguments, string ready) : IAsyncDisposable
{
    private const int Sigstop = 19;
    private const int Sigcont = 18;

    private Process? _process;
    private Task _drain = Task.CompletedTask; // a full pipe would stop the server

    /// <summary>Finds a port of loopback that nobody uses, below those that clients get: so no client can sit on it while the server is away, or meet itself there.</summary>
    public static int FreePort(Random random)
    {
        while (true)
        {
            var port = random.Next(20_000, 32_000);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Another.
            }
        }
    }

    /// <summary>Starts it, and waits until it says that it listens.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Its input ends with us, if it asks.
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} cannot be started.");
        var said = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains(ready, StringComparison.Ordinal))
            {
                _drain = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return;
            }

            said.Add(line);
        }

        throw new InvalidOperationException($"{program} ended before it listened. It said:\n{string.Join('\n', said)}");
    }

    /// <summary>Writes a line to its input.</summary>
    public async Task TellAsync(string line)
    {
        await _process!.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Kills it (SIGKILL), and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            await _drain;
            process.Dispose();
        }
    }

    /// <summary>Stops all that it does (SIGSTOP): the system goes on to take connections and bytes for it.</summary>
    public void Freeze() => Signal(Sigstop);

    public void Thaw() => Signal(Sigcont);

    public async ValueTask DisposeAsync() => await KillAsync();

    private void Signal(int signal) => Assert.Equal(0, Kill(_process!.Id, signal));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
