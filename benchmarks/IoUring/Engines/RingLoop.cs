using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>One ring and the connections on it. Each turn is one system call, which submits all that the handlers asked for and waits.</summary>
internal sealed class RingLoop : IDisposable
{
    private readonly Variant _variant;
    private readonly Action<LoopConnection> _handle;
    private readonly long _spinTicks;
    private readonly RingAcceptor _acceptor;
    private readonly List<MultishotReceiver> _starved = [];
    private readonly Stack<int> _freeSlots = [];
    private RingConnection?[] _connections = new RingConnection?[1024];
    private int _usedSlots;

    /// <summary>Makes the loop, on the thread that will run it.</summary>
    public RingLoop(int listener, Variant variant, Action<LoopConnection> handle)
    {
        _variant = variant;
        _handle = handle;
        _spinTicks = variant.SpinMicroseconds * Stopwatch.Frequency / 1_000_000;
        Ring = RingSetup.Create(variant);
        Buffers = variant.NeedsBuffers ? new ReceivedBuffers(Ring, variant.Buffers, variant.BufferSize) : null;
        _acceptor = new RingAcceptor(this, listener, variant);
    }

    public Ring Ring { get; }

    public ReceivedBuffers? Buffers { get; }

    public void Run()
    {
        _acceptor.Arm();
        while (true)
        {
            RunOnce();
        }
    }

    public void RunOnce()
    {
        Wait();
        while (Ring.TryTake(out var completion))
        {
            Dispatch(completion);
        }

        if (_starved.Count > 0 && Buffers!.Available > 0)
        {
            FeedStarved();
        }
    }

    /// <summary>Prepares an operation on a connection's socket; its completion comes to the connection.</summary>
    public ref SubmissionEntry Prepare(RingConnection connection, RingOperation operation, RingWork work)
    {
        connection.InFlight++;
        ref var entry = ref Ring.Next();
        entry.Operation = operation;
        entry.Descriptor = connection.Descriptor;
        entry.Flags = _variant.FixedFiles ? EntryFlags.FixedFile : EntryFlags.None;
        entry.UserData = UserData(connection.Slot, work);
        return ref entry;
    }

    /// <summary>Asks for the end of a connection's operation, which completes as cancelled or as it would have.</summary>
    public void Cancel(RingConnection connection, RingWork work)
    {
        ref var entry = ref Ring.Next();
        entry.Operation = RingOperation.Cancel;
        entry.Descriptor = -1;
        entry.Address = UserData(connection.Slot, work);
        entry.UserData = UserData(0, RingWork.Nothing);
    }

    public void Add(int descriptor)
    {
        var slot = _freeSlots.TryPop(out var free) ? free : _usedSlots++;
        if (slot == _connections.Length)
        {
            Array.Resize(ref _connections, 2 * slot);
        }

        var connection = new RingConnection(this, slot, descriptor, _variant);
        _connections[slot] = connection;
        _handle(connection);
    }

    /// <summary>Closes the socket of a connection of which nothing is in flight.</summary>
    public void Remove(RingConnection connection)
    {
        _connections[connection.Slot] = null;
        _freeSlots.Push(connection.Slot);
        ref var entry = ref Ring.Next();
        entry.Operation = RingOperation.Close;
        if (_variant.FixedFiles)
        {
            entry.FileIndex = (uint)connection.Descriptor + 1;
        }
        else
        {
            entry.Descriptor = connection.Descriptor;
        }

        entry.UserData = UserData(0, RingWork.Nothing);
        _acceptor.OnRoom();
    }

    /// <summary>Lets a receiver go on when there are buffers again.</summary>
    public void Starve(MultishotReceiver receiver) => _starved.Add(receiver);

    public void Dispose()
    {
        Buffers?.Dispose();
        Ring.Dispose();
    }

    public static ulong UserData(int slot, RingWork work) => ((ulong)(uint)slot << 8) | (byte)work;

    private void Wait()
    {
        if (_spinTicks > 0)
        {
            Ring.Enter(0);
            var end = Stopwatch.GetTimestamp() + _spinTicks;
            while (!Ring.HasCompletions && !Ring.HasTasks && Stopwatch.GetTimestamp() < end)
            {
                Thread.SpinWait(1);
            }
        }

        Ring.Enter(1);
    }

    private void Dispatch(in CompletionEntry completion)
    {
        var work = (RingWork)(byte)completion.UserData;
        switch (work)
        {
            case RingWork.Nothing:
                break;
            case RingWork.Accept:
                _acceptor.OnCompletion(completion);
                break;
            default:
                _connections[(int)(completion.UserData >> 8)]!.OnCompletion(work, completion);
                break;
        }
    }

    private void FeedStarved()
    {
        var receivers = _starved.ToArray();
        _starved.Clear();
        Array.ForEach(receivers, static receiver => receiver.Arm());
    }
}
