using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>The server behind the proxies: the epoll loop in C, so that it is not what limits.</summary>
internal sealed class BackendProcess : IDisposable
{
    private readonly Process _process;

    public BackendProcess(ProxyScenario scenario)
    {
        _process = Command.Start([.. scenario.LoadPlace, Command.PathOf("bin/native/epoll"), scenario.Work, "65536"]);
        Port = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server behind the proxies did not start.");
    }

    public string Port { get; }

    public void Dispose() => Command.End(_process);
}
