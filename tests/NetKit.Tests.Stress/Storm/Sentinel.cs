using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Stress;

/// <summary>A connection to which nothing happens while others come and go: the event that wakes it was meant for another.</summary>
internal sealed class Sentinel : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Socket _peer;
    private readonly Connection _connection;
    private readonly Task _waiting;

    public Sentinel()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        _peer = listener.Accept();
        _connection = Connection.FromSocket(client);
        _waiting = _connection.ReadAsync(Memory<byte>.Empty).AsTask();
    }

    /// <summary>Checks that it has heard nothing, and then that it can hear.</summary>
    public void Relieve()
    {
        if (_waiting.IsCompleted)
        {
            Findings.Report($"An event went astray: {_waiting.Status} {_waiting.Exception?.InnerException}");
        }

        _peer.Send([42]);
        if (!_waiting.Wait(s_patience) || _connection.ReadByte() != 42)
        {
            Findings.Report("A connection that has waited for long does not hear its peer.");
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        _peer.Dispose();
    }
}
