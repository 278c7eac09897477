using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

/// <summary>Serves each client by connecting it to a backend.</summary>
internal sealed class Clients(BackendDialer backends, bool sendsProxyHeader, ILogger logger)
{
    private long _refused;

    /// <summary>The clients that were reset because no backend answered.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Serves one. That the server stops is no reason to end: the client has until the server resets it.</summary>
    public async Task HandleAsync(Connection client, CancellationToken stopping)
    {
        if (await backends.DialAsync() is not (var place, var server))
        {
            Interlocked.Increment(ref _refused);
            Log.ClientRefused(logger, client);
            client.Abort();
            return;
        }

        using (place)
        await using (server)
        {
            var end = await WriteHeaderAsync(client, server) ?? await new Relay(client, server).RunAsync(place.Backend.Sent, place.Backend.Received);
            if (logger.IsEnabled(LogLevel.Debug))
            {
                Log.Ended(logger, client, place.Backend.Name, end?.Message ?? "both have finished");
            }
        }
    }

    /// <summary>Tells the backend who the client is, where it wants to know. Gives what went wrong; then both are reset.</summary>
    private async ValueTask<ConnectionException?> WriteHeaderAsync(Connection client, Connection server)
    {
        if (!sendsProxyHeader)
        {
            return null;
        }

        // Of a Unix socket's client there is nothing to tell.
        var header = (client.RemoteEndPoint, client.LocalEndPoint) is (IPEndPoint from, IPEndPoint to) ? new ProxyHeader(from, to) : ProxyHeader.Local;
        var bytes = new ArrayBufferWriter<byte>(64);
        header.WriteTo(bytes);
        try
        {
            await server.WriteAsync(bytes.WrittenMemory);
            return null;
        }
        catch (ConnectionException failure)
        {
            client.Abort();
            server.Abort();
            return failure;
        }
    }
}
