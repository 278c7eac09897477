using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Dialing;

/// <summary>Stands for the network: what each address does, and when, on a clock of the test's own.</summary>
/// <remarks>
/// A script has a word for each address, in the order of the dial: "+30" connects after 30 ms, "-30" refuses after 30 ms, "." never
/// answers, "~30" connects after 30 ms though it was told to stop.
/// </remarks>
internal sealed class ScriptedConnector : Connector
{
    private readonly TimeProvider _time;
    private readonly long _zero;
    private readonly string[] _script;
    private readonly IPAddress[] _addresses;
    private int _running;

    public ScriptedConnector(TimeProvider time, string script)
        : base(time)
    {
        _time = time;
        _zero = time.GetTimestamp();
        _script = script.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _addresses = [.. _script.Select((_, index) => IPAddress.Parse(index % 2 == 0 ? $"2001:db8::{index + 1:x}" : $"192.0.2.{index + 1}"))];
    }

    /// <summary>When each attempt began, in milliseconds; in the order of the attempts.</summary>
    public ConcurrentQueue<int> Starts { get; } = new();

    /// <summary>The far ends of the connections that were made.</summary>
    public ConcurrentQueue<Connection> Peers { get; } = new();

    /// <summary>How many attempts are under way.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>A dialer whose host has the script's addresses, IPv6 first and alternating.</summary>
    public Dialer MakeDialer(DialerOptions? options = null)
    {
        options ??= new DialerOptions();
        options.Resolve ??= (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>(_addresses);
        return new Dialer(options, this, loggerFactory: null, _time);
    }

    public IPAddress AddressOf(int index) => _addresses[index];

    protected override async ValueTask<Connection> ConnectSocketAsync(EndPoint address, CancellationToken stop)
    {
        Interlocked.Increment(ref _running);
        try
        {
            Starts.Enqueue((int)_time.GetElapsedTime(_zero).TotalMilliseconds);
            var step = _script[Array.IndexOf(_addresses, ((IPEndPoint)address).Address)];
            var delay = step == "."
                ? Timeout.InfiniteTimeSpan
                : TimeSpan.FromMilliseconds(int.Parse(step[1..], CultureInfo.InvariantCulture));
            if (delay != TimeSpan.Zero)
            {
                await Task.Delay(delay, _time, step[0] == '~' ? CancellationToken.None : stop);
            }

            if (step[0] == '-')
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            var (near, far) = Connection.CreatePair();
            Peers.Enqueue(far);
            return near;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
