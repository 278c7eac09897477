using System.Net.Sockets;

namespace NetKit;

/// <summary>A socket's descriptor on a loop: who uses it, what it is ready for, who waits for it.</summary>
/// <remarks>
/// <para>Closing: whoever uses the descriptor is counted, by <see cref="TryUse"/> and <see cref="Leave"/>, and the last one
/// out closes it. So no call ever reaches another socket that was given the same number. Reads and writes of a connection
/// are not counted one by one: whoever closes it stays in until both of its turns have passed.</para>
/// <para>Readiness, edge-triggered: an event says "ready" once. It is handed over to whoever waits, or else kept. Whoever
/// takes the kept readiness clears it first and asks the socket then, so an event that comes in between is not lost. Whoever
/// waits says so first and looks at the readiness then; an event that found nobody keeps the readiness first and looks for
/// somebody then: one of them sees the other.</para>
/// <para>It is held by its loop, and what it tells holds a connection only while somebody waits: so one that was dropped
/// without being closed can be collected.</para>
/// </remarks>
internal class PolledDescriptor
{
    private const int Closing = int.MinValue; // in _users, beside the number of users
    private const int Abortive = 1 << 30; // likewise, with Closing
    private const EpollEvents Ended = EpollEvents.PeerClosed | EpollEvents.HangUp | EpollEvents.Error;
    private const EpollEvents Reads = EpollEvents.In | EpollEvents.Urgent | EpollEvents.PeerClosed | EpollEvents.EdgeTriggered;

    private readonly PollLoop _loop;
    private Socket? _owner; // written under the lock of this object
    private IPollable? _reader;
    private IPollable? _writer;
    private int _place; // at the loop; written under the lock of this object, as is _watched
    private int _descriptor;
    private int _users;
    private volatile Watched _watched;
    private volatile Readiness _readable;
    private volatile Readiness _writable;
    private bool _shortReadTellsNothing;

    /// <summary>What the loop reports. A byte, as each connection has one.</summary>
    private enum Watched : byte
    {
        Nothing,
        Reads,
        ReadsAndWrites,
    }

    private enum Readiness : byte
    {
        NotReady,

        // Nothing says that it is empty.
        PerhapsReady,

        // An event said so to whoever waited, and nothing was taken since.
        JustReady,
    }

    /// <param name="loop">Where the events are waited for.</param>
    /// <param name="descriptor">The socket's number.</param>
    /// <param name="owner">Who closes it; null: this object does.</param>
    /// <param name="shortReadTellsNothing">Whether there may be more after a read that did not fill its buffer.</param>
    public PolledDescriptor(PollLoop loop, int descriptor, Socket? owner, bool shortReadTellsNothing)
    {
        _loop = loop;
        _descriptor = descriptor;
        _owner = owner;
        _shortReadTellsNothing = shortReadTellsNothing;
    }

    public PollLoop Loop => _loop;

    /// <summary>The socket's number, for whoever keeps it from being closed; -1 afterwards.</summary>
    public int Number => Volatile.Read(ref _descriptor);

    /// <summary>What an event that can be received would resume, to be looked at only; null when nothing waits.</summary>
    public object? Waiting => _reader?.Waiting;

    /// <summary>Tells whether it has been closed, or will be as soon as nobody uses it.</summary>
    public bool IsClosing => Volatile.Read(ref _users) < 0 || IsLost;

    // Whoever made the socket of a connection disposed it all the same: the number may be another socket's by now.
    private bool IsLost => _owner is { SafeHandle.IsClosed: true };

    /// <summary>Makes .NET's view of the socket, which owns the descriptor from then on; null when it has been closed.</summary>
    public Socket? MakeSocket()
    {
        if (_owner is not null || !TryUse(out var descriptor))
        {
            return _owner;
        }

        try
        {
            lock (this)
            {
                return _owner ??= NativeSocket.ToSocket(descriptor);
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Takes part in using the descriptor; false when it is being closed.</summary>
    public bool TryUse(out int descriptor)
    {
        descriptor = _descriptor;
        if (Interlocked.Increment(ref _users) > 0 && !IsLost)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>Uses the descriptor no more. The last one out closes it, if it is to be closed.</summary>
    public void Leave()
    {
        if ((Interlocked.Decrement(ref _users) & ~Abortive) == Closing)
        {
            CloseNow();
        }
    }

    /// <summary>Closes the descriptor as soon as nobody uses it; nobody new may. Idempotent.</summary>
    /// <param name="abortive">Whether a TCP peer gets a reset. An abortive close makes a polite one under way abortive.</param>
    public void Close(bool abortive)
    {
        if (Interlocked.Or(ref _users, abortive ? Closing | Abortive : Closing) == 0)
        {
            CloseNow();
        }
    }

    /// <summary>Clears the readiness to receive, before the socket is asked.</summary>
    public void ClearReadable()
    {
        if (_readable != Readiness.NotReady)
        {
            Interlocked.Exchange(ref _readable, Readiness.NotReady);
        }
    }

    /// <summary>Tells whether there may be something to receive.</summary>
    public bool MayBeReadable => _readable != Readiness.NotReady;

    /// <summary>Tells whether there is something to receive, or the end, without asking the socket.</summary>
    public bool IsSurelyReadable => _readable == Readiness.JustReady;

    /// <summary>Says that there may be more to receive.</summary>
    public void GiveBackReadable() => _readable = Readiness.PerhapsReady;

    /// <summary>Keeps a readiness that was handed over to a read which took nothing.</summary>
    public void KeepReadable() => _readable = Readiness.JustReady;

    /// <summary>Says that a read did not fill its buffer: on TCP that was all, until the next event.</summary>
    public void OnShortRead()
    {
        if (Volatile.Read(ref _shortReadTellsNothing))
        {
            GiveBackReadable();
        }
    }

    /// <summary>Clears the readiness to send, before the socket is asked.</summary>
    public void ClearWritable()
    {
        if (_writable != Readiness.NotReady)
        {
            Interlocked.Exchange(ref _writable, Readiness.NotReady);
        }
    }

    /// <summary>Tells the reader once there may be something to receive. Whoever waits has said so, with a fence.</summary>
    public SocketError AwaitReadable(IPollable reader)
    {
        Remember(ref _reader, reader);
        if (_watched == Watched.Nothing && TryWatch(Watched.Reads, ref _writer, out var status))
        {
            return status;
        }

        if (MayBeReadable)
        {
            _loop.Enqueue(reader);
        }

        return SocketError.Success;
    }

    /// <summary>Tells the writer once there may be room to send. Whoever waits has said so, with a fence.</summary>
    public SocketError AwaitWritable(IPollable writer)
    {
        Remember(ref _writer, writer);
        if (_watched != Watched.ReadsAndWrites && TryWatch(Watched.ReadsAndWrites, ref _reader, out var status))
        {
            return status;
        }

        if (_writable != Readiness.NotReady)
        {
            _loop.Enqueue(writer);
        }

        return SocketError.Success;
    }

    /// <summary>Tells this writer nothing more, and keeps it alive no longer.</summary>
    public void ForgetWriter(IPollable writer) => Interlocked.CompareExchange(ref _writer, null, writer);

    /// <summary>Is called by the loop's leader.</summary>
    public void OnEvents(EpollEvents events)
    {
        var isReadable = (events & (Reads | Ended)) != 0;
        if ((events & (EpollEvents.Urgent | Ended)) != 0)
        {
            // No event follows the end; and a receive stops short at urgent data.
            Volatile.Write(ref _shortReadTellsNothing, true);
        }

        if ((events & (EpollEvents.Out | Ended)) != 0 && _watched == Watched.ReadsAndWrites)
        {
            OnWritable(inline: !isReadable);
        }

        if (isReadable)
        {
            OnReadable();
        }

        if ((events & Ended) != 0)
        {
            OnEnded();
        }
    }

    /// <summary>Is called, after whoever waits to read, when the peer has finished sending or is gone.</summary>
    private protected virtual void OnEnded()
    {
    }

    private void OnReadable()
    {
        if (Volatile.Read(ref _reader) is { } reader && reader.OnReady(isHandedOver: true, inline: true))
        {
            return;
        }

        // Only perhaps: somebody may have read what the event told of before it came to us.
        Interlocked.Exchange(ref _readable, Readiness.PerhapsReady);
        Volatile.Read(ref _reader)?.OnReady(isHandedOver: false, inline: true);
    }

    private void OnWritable(bool inline)
    {
        if (Volatile.Read(ref _writer) is { } writer && writer.OnReady(isHandedOver: false, inline))
        {
            return;
        }

        Interlocked.Exchange(ref _writable, Readiness.JustReady);
        Volatile.Read(ref _writer)?.OnReady(isHandedOver: false, inline);
    }

    /// <summary>Says whom to tell, before the readiness is looked at: whoever keeps it looks for somebody afterwards.</summary>
    private static void Remember(ref IPollable? told, IPollable waiting)
    {
        if (told != waiting)
        {
            Interlocked.Exchange(ref told, waiting);
        }
    }

    /// <summary>Asks the loop for more events than before; the system reports at once what is there. False when another thread has done it.</summary>
    private bool TryWatch(Watched wanted, ref IPollable? other, out SocketError status)
    {
        if (!TryUse(out var descriptor))
        {
            status = SocketError.OperationAborted;
            return true;
        }

        try
        {
            lock (this)
            {
                status = SocketError.Success;
                var before = _watched;
                if (before >= wanted)
                {
                    return false;
                }

                // Before the system is asked: the first event may be here before its answer.
                _watched = wanted;
                var events = wanted == Watched.Reads ? Reads : Reads | EpollEvents.Out;
                status = before == Watched.Nothing
                    ? _loop.Register(this, descriptor, events, out _place)
                    : _loop.Modify(descriptor, events, _place);
                if (status != SocketError.Success)
                {
                    // The other direction may have seen itself watched meanwhile. It looks again, and hears the reason for itself.
                    // A full fence: it sees that it is not watched, or we see that it waits.
                    _watched = before;
                    Interlocked.MemoryBarrier();
                    if (Volatile.Read(ref other) is { } misled)
                    {
                        _loop.Enqueue(misled);
                    }
                }

                return true;
            }
        }
        finally
        {
            Leave();
        }
    }

    private void CloseNow()
    {
        var descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor < 0)
        {
            return;
        }

        if (_watched != Watched.Nothing)
        {
            _loop.Unregister(_place);
        }

        var isAbortive = (Volatile.Read(ref _users) & Abortive) != 0;
        if (_owner is not null)
        {
            _owner.Close(isAbortive ? 0 : -1);
        }
        else if (isAbortive)
        {
            NativeSocket.Reset(descriptor);
        }
        else
        {
            _ = Libc.Close(descriptor);
        }
    }
}
