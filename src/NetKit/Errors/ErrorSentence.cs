using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetKit;

/// <summary>Puts an operation, its endpoints and its cause into one sentence.</summary>
internal static class ErrorSentence
{
    /// <summary>For example "write 127.0.0.1:4711 -> 127.0.0.1:80: the deadline passed after 65536 bytes".</summary>
    public static string Compose(string operation, EndPoint? local, EndPoint? remote, string cause)
    {
        var sentence = new StringBuilder(operation);
        if (local is not null)
        {
            sentence.Append(' ').Append(Format(local));
        }

        if (remote is not null)
        {
            sentence.Append(local is null ? " " : " -> ").Append(Format(remote));
        }

        return sentence.Append(": ").Append(cause).ToString();
    }

    /// <summary>The end of the sentence, for example "the deadline passed after 65536 bytes".</summary>
    public static string ComposeCause(ConnectionError error, long bytesTransferred, string? detail) => bytesTransferred > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{detail ?? CauseOf(error)} after {bytesTransferred} bytes")
        : detail ?? CauseOf(error);

    /// <summary>Writes an endpoint as people type it: 10.0.0.1:80, [::1]:80, unix:/run/x.sock, unix:@abstract, memory:7.</summary>
    public static string Format(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip when ip.Address.IsIPv4MappedToIPv6 => $"{ip.Address.MapToIPv4()}:{ip.Port}",
        DnsEndPoint dns => $"{dns.Host}:{dns.Port}",
        UnixDomainSocketEndPoint unix => unix.ToString() is { Length: > 0 } path ? $"unix:{path}" : "unix:unnamed",
        _ => endPoint.ToString() ?? endPoint.GetType().Name,
    };

    /// <summary>Writes a duration as people say it: 10 s, 1.5 s, 250 ms.</summary>
    public static string Format(TimeSpan time) => time >= TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.###} ms");

    /// <summary>The usual words for an error.</summary>
    public static string CauseOf(ConnectionError error) => error switch
    {
        ConnectionError.DeadlineExceeded => "the deadline passed",
        ConnectionError.TimedOut => "the peer stopped answering",
        ConnectionError.Closed => "closed on this side",
        ConnectionError.Reset => "reset by the peer",
        ConnectionError.Aborted => "aborted before it was established",
        ConnectionError.Refused => "connection refused, nobody listens there",
        ConnectionError.Unreachable => "the host or network is unreachable",
        ConnectionError.HostNotFound => "the host name does not exist",
        ConnectionError.NameResolution => "the host name could not be resolved",
        ConnectionError.AddressInUse => "the address is in use already",
        ConnectionError.AddressNotAvailable => "the address is not available on this machine",
        ConnectionError.AccessDenied => "access denied",
        ConnectionError.ResourceExhausted => "out of descriptors, buffers or memory",
        ConnectionError.TlsFailed => "TLS failed",
        ConnectionError.ProtocolViolation => "the peer broke the protocol",
        ConnectionError.PoolExhausted => "the pool had no connection in time",
        ConnectionError.CircuitOpen => "the circuit is open after recent failures",
        _ => "failed",
    };
}
