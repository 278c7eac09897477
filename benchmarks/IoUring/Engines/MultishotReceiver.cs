namespace NetKit.Benchmarks;

/// <summary>Keeps one receive in flight for good. What comes fills buffers of the loop, which queue here until they are read.</summary>
internal sealed class MultishotReceiver(RingLoop loop, RingConnection connection, bool bundle) : Receiver
{
    private readonly Waiter _waiter = new();
    private readonly ReceivedBuffers _buffers = loop.Buffers!;
    private int _first = ReceivedBuffers.Content.None;
    private int _last;
    private Memory<byte> _into;
    private bool _isArmed;
    private bool _isStarved;
    private bool _isEnded;
    private int _errno;

    public override ReadOnlyMemory<byte> Borrowed => _buffers.Memory(_first);

    private bool HasData => _first != ReceivedBuffers.Content.None;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        if (HasData)
        {
            return new ValueTask<int>(CopyTo(buffer.Span));
        }

        _into = buffer;
        return WaitForData();
    }

    public override ValueTask<int> BorrowAsync() => HasData ? new ValueTask<int>(_buffers[_first].Length) : WaitForData();

    public override void Return() => DropFirst();

    public override void OnCompletion(in CompletionEntry completion)
    {
        _isArmed = completion.HasMore;
        if (completion.Result > 0)
        {
            Enqueue(completion.Result);
        }
        else if (completion.Result == -Errno.NoBuffers)
        {
            _isStarved = true;
            loop.Starve(this);
        }
        else
        {
            _isEnded = true;
            _errno = -completion.Result;
        }

        if (_waiter.IsWaiting && (HasData || _isEnded))
        {
            EndWait();
        }
        else if (_waiter.IsWaiting && !_isStarved)
        {
            Arm();
        }
    }

    public void Arm()
    {
        _isStarved = false;
        if (_isArmed || _isEnded)
        {
            return;
        }

        ref var entry = ref loop.Prepare(connection, RingOperation.Receive, RingWork.Receive);
        entry.Flags |= EntryFlags.SelectBuffer;
        entry.BufferGroup = BufferRing.Group;
        entry.Mode = (ushort)(SubmissionEntry.ReceiveMultishot | (bundle ? SubmissionEntry.Bundle : 0));
        _isArmed = true;
    }

    public override void Cancel()
    {
        _isEnded = true;
        if (_isArmed)
        {
            loop.Cancel(connection, RingWork.Receive);
        }
    }

    public override void Release()
    {
        while (HasData)
        {
            DropFirst();
        }
    }

    private ValueTask<int> WaitForData()
    {
        if (_isEnded)
        {
            return _errno == 0 ? new ValueTask<int>(0) : ValueTask.FromException<int>(Errno.ToException("receive", _errno));
        }

        if (!_isStarved)
        {
            Arm();
        }

        return _waiter.WaitForCount();
    }

    private void EndWait()
    {
        if (HasData)
        {
            var into = _into;
            _into = default;
            _waiter.End(into.IsEmpty ? _buffers[_first].Length : CopyTo(into.Span));
        }
        else if (_errno == 0)
        {
            _waiter.End(0);
        }
        else
        {
            _waiter.Fail("receive", _errno);
        }
    }

    private void Enqueue(int count)
    {
        while (count > 0)
        {
            var buffer = _buffers.Take();
            var length = Math.Min(count, _buffers.Size);
            _buffers[buffer] = new ReceivedBuffers.Content { Length = length, Next = ReceivedBuffers.Content.None };
            if (HasData)
            {
                _buffers[_last].Next = buffer;
            }
            else
            {
                _first = buffer;
            }

            _last = buffer;
            count -= length;
        }
    }

    private int CopyTo(Span<byte> buffer)
    {
        var copied = 0;
        while (HasData && copied < buffer.Length)
        {
            var data = _buffers.Span(_first);
            var length = Math.Min(data.Length, buffer.Length - copied);
            data[..length].CopyTo(buffer[copied..]);
            copied += length;
            if (length == data.Length)
            {
                DropFirst();
            }
            else
            {
                ref var content = ref _buffers[_first];
                content.Offset += length;
                content.Length -= length;
            }
        }

        return copied;
    }

    private void DropFirst()
    {
        var buffer = _first;
        _first = _buffers[buffer].Next;
        _buffers.Return((ushort)buffer);
    }
}
