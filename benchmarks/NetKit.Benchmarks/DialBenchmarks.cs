using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>What a dialer costs above the connect that it makes: a successful dial over loopback, and its end.</summary>
/// <remarks>
/// Each ends with a reset, so that ports come free at once. A thread accepts and closes; what it does and allocates is in
/// every figure alike.
/// </remarks>
[MemoryDiagnoser]
public class DialBenchmarks : IDisposable
{
    private readonly Socket _listener = Loopback.Listen();
    private readonly Thread _server;
    private readonly IPEndPoint _endPoint;
    private readonly DnsEndPoint _host;
    private readonly Dialer _dialer;
    private readonly CancellationTokenSource _source = new();

    public DialBenchmarks()
    {
        _endPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _host = new DnsEndPoint("localhost", _endPoint.Port);
        IReadOnlyList<IPAddress> addresses = [IPAddress.Loopback];
        _dialer = new Dialer(new DialerOptions { Resolve = (_, _) => ValueTask.FromResult(addresses) });
        _server = new Thread(Accept) { IsBackground = true };
        _server.Start();
    }

    [Benchmark(Baseline = true)]
    public async Task<int> SocketConnect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_endPoint);
        socket.Close(0);
        return 0;
    }

    /// <summary>With the options that a dialer sets by default.</summary>
    [Benchmark]
    public async Task<int> SocketConnectWithOptions()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 9);
        await socket.ConnectAsync(_endPoint);
        socket.Close(0);
        return 0;
    }

    [Benchmark]
    public async Task<int> Dial()
    {
        (await _dialer.DialAsync(_endPoint)).Abort();
        return 0;
    }

    [Benchmark]
    public async Task<int> DialWithToken()
    {
        (await _dialer.DialAsync(_endPoint, _source.Token)).Abort();
        return 0;
    }

    /// <summary>A host name that a resolver knows at once: with the hop to where names are resolved.</summary>
    [Benchmark]
    public async Task<int> DialByName()
    {
        (await _dialer.DialAsync(_host)).Abort();
        return 0;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _listener.Dispose();
        _server.Join();
        _source.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Accept()
    {
        // Closed later, when its client is gone: a reset must not come in the middle of a connect.
        var accepted = new Queue<Socket>();
        try
        {
            while (true)
            {
                accepted.Enqueue(_listener.Accept());
                if (accepted.Count > 64)
                {
                    accepted.Dequeue().Close(0);
                }
            }
        }
        catch (SocketException)
        {
            // Closed.
        }
    }
}
