namespace NetKit.Benchmarks;

/// <summary>Lets the ring tell when the socket becomes readable, as epoll would, and receives with a system call.</summary>
internal sealed class ReadinessReceiver : Receiver
{
    private const uint Ended = Epoll.PeerFinished | Epoll.HangUp | Epoll.Error;

    private readonly RingLoop _loop;
    private readonly RingConnection _connection;
    private readonly ReadinessReader _reader;
    private bool _isArmed;

    public ReadinessReceiver(RingLoop loop, RingConnection connection)
    {
        _loop = loop;
        _connection = connection;
        _reader = new ReadinessReader(connection.Descriptor);
        Arm();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer) => _reader.ReadAsync(buffer);

    public override void OnCompletion(in CompletionEntry completion)
    {
        _isArmed = completion.HasMore;
        var ended = completion.Result < 0 || ((uint)completion.Result & Ended) != 0;
        if (!_isArmed && !ended)
        {
            Arm();
        }

        _reader.OnReady(ended);
    }

    public override void Cancel()
    {
        if (_isArmed)
        {
            _loop.Cancel(_connection, RingWork.Receive);
        }
    }

    private void Arm()
    {
        ref var entry = ref _loop.Prepare(_connection, RingOperation.Poll, RingWork.Receive);
        entry.Length = SubmissionEntry.PollMultishot;
        entry.CallFlags = Epoll.Readable | Epoll.PeerFinished;
        _isArmed = true;
    }
}
