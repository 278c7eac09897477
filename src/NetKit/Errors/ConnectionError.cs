namespace NetKit;

/// <summary>Names why an operation on a connection, a listener or a dialer failed.</summary>
/// <remarks>
/// Whether a failure is worth another try depends on the operation, not on the error, so there is no "transient" flag here.
/// </remarks>
public enum ConnectionError
{
    /// <summary>The system reported something that has no name here; the inner exception has the details.</summary>
    Unknown = 0,

    /// <summary>A deadline, or a read or write timeout, that was set on the connection passed.</summary>
    DeadlineExceeded,

    /// <summary>A peer stopped answering, or never did: the system gave up on it (keep-alive or retransmission, ETIMEDOUT), or a dial's attempt did, or a server that limits how long a connection may idle, dawdle or last.</summary>
    TimedOut,

    /// <summary>The connection, its write side or the listener was closed on this side.</summary>
    Closed,

    /// <summary>The peer reset the connection, or has closed it and can take no more data.</summary>
    Reset,

    /// <summary>The connection was aborted before it was established, its TLS handshake included.</summary>
    Aborted,

    /// <summary>Nobody listens at the address.</summary>
    Refused,

    /// <summary>There is no route to the host or network.</summary>
    Unreachable,

    /// <summary>The host name does not exist.</summary>
    HostNotFound,

    /// <summary>The host name could not be resolved now.</summary>
    NameResolution,

    /// <summary>Another socket uses the address already.</summary>
    AddressInUse,

    /// <summary>The address is not one of this machine's, or is not valid in this place.</summary>
    AddressNotAvailable,

    /// <summary>The system forbids the operation to this user.</summary>
    AccessDenied,

    /// <summary>The process or system has run out of descriptors, buffers or memory.</summary>
    ResourceExhausted,

    /// <summary>The TLS handshake or a TLS record failed.</summary>
    TlsFailed,

    /// <summary>The peer broke the rules of the protocol.</summary>
    ProtocolViolation,

    /// <summary>The connection pool had no connection to give in time.</summary>
    PoolExhausted,

    /// <summary>The circuit breaker keeps callers away from an endpoint that failed lately.</summary>
    CircuitOpen,
}
