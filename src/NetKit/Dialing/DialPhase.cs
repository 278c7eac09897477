namespace NetKit;

/// <summary>Names what a dial was doing.</summary>
public enum DialPhase
{
    /// <summary>Asking for the addresses of the host name.</summary>
    NameResolution = 0,

    /// <summary>Connecting to one address.</summary>
    Connect,

    /// <summary>Running the TLS handshake with one address, on the connection that was made.</summary>
    Tls,
}
