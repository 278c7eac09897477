using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>Runs this program a second time, so that what the other side costs is not measured with our own.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process _process;

    private Peer(Process process) => _process = process;

    public int ProcessId => _process.Id;

    /// <summary>Starts the peer; its arguments say what it does. It ends by itself when its standard input closes.</summary>
    public static Peer Start(params string[] arguments)
    {
        // The file of this code, not of the process: BenchmarkDotNet runs us inside a program of its own.
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { "exec", typeof(Peer).Assembly.Location },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new Peer(Process.Start(start)!);
    }

    public string ReadLine() =>
        _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The peer process ended early.");

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
