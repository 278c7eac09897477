using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>A server on one engine, for whatever drives it from outside.</summary>
internal static class Server
{
    public const string Mode = "serve";

    /// <summary>Prints its port, and serves "echo" or "sink" until standard input closes.</summary>
    public static void Run(string engine, string mode, int bufferSize)
    {
        var variant = Variants.Find(engine).Fit(RingFeatures.Probe(), Console.Error.WriteLine);
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        var handlers = new Handlers(mode, bufferSize, variant);
        new Thread(() => Serve(listener, variant, handlers.Begin)) { IsBackground = true }.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);
        while (Console.ReadLine() is not null)
        {
        }
    }

    private static void Serve(Socket listener, Variant variant, Action<LoopConnection> handle)
    {
        listener.Blocking = false;
        var descriptor = (int)listener.Handle;
        if (variant.IsRing)
        {
            using var loop = new RingLoop(descriptor, variant, handle);
            loop.Run();
        }
        else
        {
            new EpollLoop(descriptor, variant, handle).Run();
        }
    }
}
