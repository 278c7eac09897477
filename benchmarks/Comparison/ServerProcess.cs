using System.Diagnostics;
using System.Globalization;

namespace NetKit.Benchmarks;

/// <summary>A running server. It ends by itself when its standard input closes, so also when this program dies.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    public ServerProcess(ServerKind kind, Scenario scenario)
    {
        Kind = kind;
        _process = Command.Start(
            [.. scenario.Placement.Server, Command.PathOf(kind.Command[0]), .. kind.Command[1..], scenario.Work, $"{scenario.Buffer}"]);
        Port = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The server {kind.Name} did not start.");
    }

    public ServerKind Kind { get; }

    public string Port { get; }

    public int Id => _process.Id;

    /// <summary>User and system time so far, of threads that have ended too.</summary>
    public double CpuSeconds => CpuClock.Seconds(_process.Id);

    /// <summary>The pages of memory that are its own, or of files it has mapped.</summary>
    public long ResidentBytes => File.ReadLines($"/proc/{_process.Id}/status")
        .Where(static line => line.StartsWith("RssAnon:", StringComparison.Ordinal) || line.StartsWith("RssFile:", StringComparison.Ordinal))
        .Sum(static line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024);

    public void Dispose() => Command.End(_process);
}
