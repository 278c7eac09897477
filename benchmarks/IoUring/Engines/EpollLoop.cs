using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>One epoll and the connections on it: edge-triggered, each registered once, handlers continued on this thread.</summary>
internal sealed unsafe class EpollLoop
{
    private const int MostEvents = 256;

    private readonly int _listener;
    private readonly long _spinTicks;
    private readonly Action<LoopConnection> _handle;
    private readonly int _poll = Epoll.Create();
    private EpollConnection?[] _connections = new EpollConnection?[1024]; // by descriptor

    public EpollLoop(int listener, Variant variant, Action<LoopConnection> handle)
    {
        _listener = listener;
        _spinTicks = variant.SpinMicroseconds * Stopwatch.Frequency / 1_000_000;
        _handle = handle;
        Epoll.Add(_poll, listener, Epoll.Readable);
    }

    public void Run()
    {
        var events = (byte*)NativeMemory.Alloc((nuint)(MostEvents * Epoll.EventSize));
        while (true)
        {
            var count = Wait(events);
            for (var index = 0; index < count; index++)
            {
                var (what, descriptor) = Epoll.Read(events, index);
                if (descriptor == _listener)
                {
                    Accept();
                }
                else
                {
                    _connections[descriptor]?.OnReady(what);
                }
            }
        }
    }

    public void Remove(int descriptor) => _connections[descriptor] = null;

    private int Wait(byte* events)
    {
        if (_spinTicks > 0)
        {
            var end = Stopwatch.GetTimestamp() + _spinTicks;
            do
            {
                if (Epoll.Wait(_poll, events, MostEvents, 0) is > 0 and var count)
                {
                    return count;
                }
            }
            while (Stopwatch.GetTimestamp() < end);
        }

        return Epoll.Wait(_poll, events, MostEvents, -1);
    }

    private void Accept()
    {
        int descriptor;
        while ((descriptor = LibC.Accept(_listener, null, null, LibC.NonBlocking | LibC.CloseOnExec)) >= 0)
        {
            if (descriptor >= _connections.Length)
            {
                Array.Resize(ref _connections, Math.Max(descriptor + 1, 2 * _connections.Length));
            }

            var connection = new EpollConnection(this, descriptor);
            _connections[descriptor] = connection;
            Epoll.Add(_poll, descriptor, Epoll.Readable | Epoll.Writable | Epoll.PeerFinished | Epoll.EdgeTriggered);
            _handle(connection);
        }
    }
}
