using System.Globalization;
using System.Net;

namespace NetKit.Benchmarks;

/// <summary>For each way to use a socket, a connection to read a flood from and one to write a flood to.</summary>
internal sealed class BulkField : IDisposable
{
    public const double Megabyte = 1024 * 1024;

    private readonly Peer _peer;
    private readonly Dictionary<string, (Transport Flooded, Transport Drained)> _transports = [];

    public BulkField(params string[] ways)
    {
        using var listener = Loopback.Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _peer = Peer.Start(
            BulkPeer.Mode, port.ToString(CultureInfo.InvariantCulture), ways.Length.ToString(CultureInfo.InvariantCulture));
        foreach (var way in ways)
        {
            // The peer connects one after the other: flooding, then draining.
            var flooded = listener.Accept();
            var drained = listener.Accept();
            drained.NoDelay = true;
            _transports[way] = (Transport.Over(flooded, way), Transport.Over(drained, way));
        }
    }

    public Task<long> ReadAsync(string way, Memory<byte> buffer, long bytes, Stopper stopper) =>
        _transports[way].Flooded.ReadAsync(buffer, bytes, stopper);

    public Task<long> WriteAsync(string way, ReadOnlyMemory<byte> buffer, long bytes, Stopper stopper) =>
        _transports[way].Drained.WriteAsync(buffer, bytes, stopper);

    public void Dispose()
    {
        foreach (var (flooded, drained) in _transports.Values)
        {
            flooded.Dispose();
            drained.Dispose();
        }

        _peer.Dispose();
    }
}
