using System.Diagnostics;
using System.Globalization;

namespace NetKit.Benchmarks;

/// <summary>A server process, on the core of its starter.</summary>
internal sealed class WebPeer : IDisposable
{
    private readonly Peer _peer;

    public WebPeer(string transport)
    {
        _peer = Peer.Start(WebServer.Mode, transport);
        Port = int.Parse(_peer.ReadLine(), CultureInfo.InvariantCulture);
        Transport = transport;
    }

    public string Transport { get; }

    public int Port { get; }

    /// <summary>User and system time that the process has used.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            using var process = Process.GetProcessById(_peer.ProcessId);
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes in use by what the collector finds, and in memory.</summary>
    public (long Managed, long Resident) Measure()
    {
        _peer.WriteLine("measure");
        var parts = _peer.ReadLine().Split(' ');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public void Dispose() => _peer.Dispose();
}
