using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace NetKit.Tests.Serving;

/// <summary>The echo server of NetKit.Tests.Server in a process of its own, with few descriptors.</summary>
internal sealed class StarvedServer : IAsyncDisposable
{
    private readonly Process _process;

    private StarvedServer(Process process, IPEndPoint endPoint)
    {
        _process = process;
        EndPoint = endPoint;
    }

    public IPEndPoint EndPoint { get; }

    public bool IsAlive => !_process.HasExited;

    public int Descriptors => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length;

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static async Task<StarvedServer> StartAsync(int descriptors, params string[] arguments)
    {
        var program = Repository.ProgramOf("NetKit.Tests.Server");
        var start = new ProcessStartInfo("prlimit", [$"--nofile={descriptors}:{descriptors}", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // The runtime's door for debuggers and profilers takes descriptors too, out of few.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        var process = Process.Start(start)!;
        var port = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within();
        Assert.True(int.TryParse(port, CultureInfo.InvariantCulture, out var number), "The server did not start.");
        return new StarvedServer(process, new IPEndPoint(IPAddress.Loopback, number));
    }

    /// <summary>How much of one core the process uses, measured over a while.</summary>
    public async Task<double> MeasureLoadAsync(TimeSpan window)
    {
        var start = Stopwatch.GetTimestamp();
        var before = CpuTime();
        await Task.Delay(window, TestContext.Current.CancellationToken);
        return (CpuTime() - before) / Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Ends the server's input, which stops it, and gives what it said last.</summary>
    public async Task<(int ExitCode, string LastWords)> StopAsync()
    {
        _process.StandardInput.Close();
        var words = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).Within();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        return (_process.ExitCode, words.Trim());
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private TimeSpan CpuTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }
}
