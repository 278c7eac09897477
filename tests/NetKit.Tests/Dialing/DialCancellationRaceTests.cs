using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit.Tests.Dialing;

/// <summary>Ten thousand dials whose callers give up at any moment: each ends in one way, and none leaves anything behind.</summary>
[Collection(nameof(Alone))]
public sealed class DialCancellationRaceTests
{
    private static readonly AsyncLocal<CancellationTokenSource?> s_cancelWithin = new();

    private int _connected;
    private int _cancelled;
    private int _failed;

    // Each kind of place to go ends in other ways; the shares add up to ten thousand.
    [Theory]
    [InlineData(Place.Address, 4_000)]
    [InlineData(Place.Refusing, 1_600)]
    [InlineData(Place.Unix, 1_400)]
    [InlineData(Place.Host, 2_400)]
    [InlineData(Place.Tls, 600)]
    public async Task Every_dial_ends_once_and_leaves_nothing(Place place, int dials)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");
        await using var ground = new Ground(place);
        var usual = await MeasureDialAsync(ground);
        await ground.AssertNobodyIsLeft();
        var before = CountSockets();
        var workers = place is Place.Host ? 48 : 8;
        await Task.WhenAll(Enumerable.Range(0, workers).Select(
            worker => Task.Run(() => DialManyAsync(ground, dials / workers, usual * (place is Place.Host ? 1.5 : 4), new Random(worker)))));

        // Each side has its own count: what the dials left, and what the server has of those that it accepted.
        await ground.AssertNobodyIsLeft();
        await Eventually.True(() => CountSockets() <= before, () => $"{CountSockets()} sockets are open, {before} were before");
        Assert.True(_cancelled > dials / 100, $"Only {_cancelled} dials were cancelled in time.");
        Assert.True((place == Place.Refusing ? _failed : _connected) > dials / 100, $"Only {_connected} connected, {_failed} failed.");
    }

    /// <summary>When the caller gives up. By the clock alone, a dial that takes some microseconds would hardly ever be met.</summary>
    private enum Moment
    {
        Never,
        Before,
        Within,
        Beside,
        Later,
    }

    public enum Place
    {
        Address,
        Host,
        Refusing,
        Unix,
        Tls,
    }

    private static async Task<TimeSpan> MeasureDialAsync(Ground ground)
    {
        const int Times = 10;
        var start = 0L;
        for (var times = -1; times < Times; times++)
        {
            // The first one is slow, and no measure.
            start = times == 0 ? Stopwatch.GetTimestamp() : start;
            try
            {
                (await ground.Dialer.DialAsync(ground.EndPoint).Within()).Abort();
            }
            catch (DialException)
            {
            }
        }

        return Stopwatch.GetElapsedTime(start) / Times;
    }

    private async Task DialManyAsync(Ground ground, int dials, TimeSpan most, Random random)
    {
        for (var times = 0; times < dials; times++)
        {
            using var source = new CancellationTokenSource();
            using var ended = new CancellationTokenSource();
            var moment = (Moment)random.Next(5);
            var spins = random.Next(1_000);
            s_cancelWithin.Value = moment == Moment.Within ? source : null;
            var cancel = moment switch
            {
                Moment.Before => source.CancelAsync(),
                Moment.Beside => Task.Run(() =>
                {
                    Thread.SpinWait(spins);
                    source.Cancel();
                }),
                _ => Task.CompletedTask,
            };
            var dial = ground.Dialer.DialAsync(ground.EndPoint, source.Token).AsTask();
            cancel = moment == Moment.Later ? CancelAsync(source, random.NextDouble() * most, spins, ended.Token) : cancel;
            await AssertOneEndAsync(dial, source.Token);
            await ended.CancelAsync();
            await cancel;
        }
    }

    private static async Task CancelAsync(CancellationTokenSource source, TimeSpan delay, int spins, CancellationToken ended)
    {
        if (delay > TimeSpan.FromMilliseconds(1))
        {
            await Task.WhenAny(Task.Delay(delay, ended));
        }

        Thread.SpinWait(spins);
        await source.CancelAsync();
    }

    private async Task AssertOneEndAsync(Task<Connection> dial, CancellationToken token)
    {
        try
        {
            // A reset: ten thousand polite ends would keep as many ports for a minute.
            (await dial.Within()).Abort();
            Interlocked.Increment(ref _connected);
        }
        catch (OperationCanceledException exception)
        {
            Assert.Equal(token, exception.CancellationToken);
            Interlocked.Increment(ref _cancelled);
        }
        catch (DialException exception)
        {
            Fails.AssertWellFormed(exception);
            Fails.AssertBlamesThePreferredAddress(exception);
            Assert.Equal(ConnectionError.Refused, exception.Error);
            Interlocked.Increment(ref _failed);
        }
    }

    // Only these: the runtime opens files of its own when it first needs something.
    private static int CountSockets() => Directory.GetFileSystemEntries("/proc/self/fd").Count(IsSocket);

    private static bool IsSocket(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Where the dials go: a server that waits for the end of each connection.</summary>
    private sealed class Ground : IAsyncDisposable
    {
        private readonly RunningServer? _server;
        private readonly TwoAddresses? _host;
        private readonly ConnectionListener? _unix;
        private readonly Task _serving = Task.CompletedTask;
        private int _served;

        public Ground(Place place)
        {
            // Between the making of the socket and its connect.
            var options = new DialerOptions { Socket = { Configure = _ => s_cancelWithin.Value?.Cancel() } };
            switch (place)
            {
                case Place.Host:
                    _host = TwoAddresses.Listen();
                    _host.First.DisposeAsync().AsTask().Wait();
                    _serving = ServeAllAsync(_host.Second);
                    EndPoint = _host.Host;
                    Dialer = _host.MakeDialer(options);
                    return;

                case Place.Refusing:
                    using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
                    {
                        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                        EndPoint = socket.LocalEndPoint!;
                    }

                    break;

                case Place.Unix:
                    _unix = ConnectionListener.Bind(new UnixDomainSocketEndPoint($"\0netkit-{Guid.NewGuid()}"));
                    _serving = ServeAllAsync(_unix);
                    EndPoint = _unix.LocalEndPoint;
                    break;

                default:
                    _server = RunningServer.OnTcp((connection, _) => ServeAsync(connection, place == Place.Tls));
                    EndPoint = _server.Listener.LocalEndPoint;
                    options.Tls = place != Place.Tls ? null : new SslClientAuthenticationOptions
                    {
                        TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost,
                    };
                    break;
            }

            Dialer = new Dialer(options);
        }

        public Dialer Dialer { get; }

        public EndPoint EndPoint { get; }

        public async Task AssertNobodyIsLeft()
        {
            await Eventually.True(
                () => Volatile.Read(ref _served) == 0 && _server is not { Server.ActiveConnections: > 0 },
                () => $"{_served} clients have not ended");
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is not null)
            {
                await _server.DisposeAsync();
            }

            if (_host is not null)
            {
                await _host.DisposeAsync();
            }

            if (_unix is not null)
            {
                await _unix.DisposeAsync();
            }

            await _serving.Within();
        }

        private async Task ServeAllAsync(ConnectionListener listener)
        {
            await foreach (var connection in listener.AcceptAllAsync())
            {
                _ = ServeAsync(connection, secure: false);
            }
        }

        private async Task ServeAsync(Connection connection, bool secure)
        {
            Interlocked.Increment(ref _served);
            try
            {
                if (secure)
                {
                    connection = await connection.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost });
                }

                await Peer.DrainAsync(connection);
            }
            catch (ConnectionException)
            {
                // Its client was reset, or gave up in the handshake.
            }
            finally
            {
                await connection.DisposeAsync();
                Interlocked.Decrement(ref _served);
            }
        }
    }
}
