namespace NetKit.Tests.Stress;

/// <summary>One direction of a link: what was written, and whether just that arrives, in order. Safe from any thread.</summary>
/// <remarks>
/// Each write begins with a byte that comes nowhere else and its number; the pattern of the flow follows. So whoever reads
/// can tell where a write that was broken off ends, though one that was cancelled does not say how much of it was sent.
/// </remarks>
internal sealed class Flow(long number)
{
    /// <summary>What a write has at the least.</summary>
    public const int HeaderSize = 1 + Digits;

    /// <summary>Says of a write that nobody knows how much of it was sent.</summary>
    public const long Unknown = -1;

    private const long Running = -2;
    private const int Digits = 5;
    private const int BitsPerDigit = 6;
    private const int DigitMask = (1 << BitsPerDigit) - 1;
    private const long Stride = 300_007; // between the patterns of two writes

    private readonly Lock _gate = new(); // guards all below
    private readonly List<Written> _writes = [];
    private int _lastSent = -1; // the last write that is known to have sent its header
    private int _current = -1; // the write that arrives
    private int _headerLeft; // digits of the next one's header, while it arrives
    private int _next; // its number so far
    private long _fragments; // bytes of headers that were broken off
    private bool _isBroken;

    /// <summary>Bytes that have arrived.</summary>
    public long Received { get; private set; }

    /// <summary>Tells whether something that was surely sent has not arrived.</summary>
    public bool IsInFlight
    {
        get
        {
            lock (_gate)
            {
                return _lastSent > _current || (_lastSent >= 0 && _lastSent == _current && _writes[_current].Arrived < _writes[_current].Sent);
            }
        }
    }

    public override string ToString()
    {
        lock (_gate)
        {
            return $"{_writes.Count} writes begun, {_lastSent} surely sent, {_current} arrived up to {(_current < 0 ? 0 : _writes[_current].Arrived)}";
        }
    }

    /// <summary>Fills the buffer for the next write, which must be called before another is begun.</summary>
    public int Begin(Span<byte> buffer)
    {
        lock (_gate)
        {
            var write = _writes.Count;
            _writes.Add(new Written(buffer.Length));
            buffer[0] = Pattern.Mark;
            for (var digit = 0; digit < Digits; digit++)
            {
                buffer[1 + digit] = (byte)(((write >> (BitsPerDigit * (Digits - 1 - digit))) & DigitMask) ^ Scramble);
            }

            BodyOf(write, 0, buffer.Length - HeaderSize).CopyTo(buffer[HeaderSize..]);
            return write;
        }
    }

    /// <summary>Says how much of a write the transport took, or <see cref="Unknown"/>.</summary>
    public void End(int write, long sent)
    {
        lock (_gate)
        {
            _writes[write].Sent = sent;
            if (sent >= HeaderSize)
            {
                _lastSent = Math.Max(_lastSent, write);
            }
        }
    }

    /// <summary>Tells whether a write has arrived whole.</summary>
    public bool HasArrived(int write)
    {
        lock (_gate)
        {
            return _current > write || (_current == write && _writes[write].Arrived == _writes[write].Length);
        }
    }

    /// <summary>Takes what has arrived next, and checks it.</summary>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            Received += bytes.Length;
            while (!bytes.IsEmpty && !_isBroken)
            {
                var part = bytes.IndexOf(Pattern.Mark) is >= 0 and var mark ? bytes[..mark] : bytes;
                ReceivePart(part);
                bytes = bytes[part.Length..];
                if (!bytes.IsEmpty)
                {
                    BreakOffHeader();
                    _headerLeft = Digits;
                    _next = 0;
                    bytes = bytes[1..];
                }
            }
        }
    }

    /// <summary>Checks, now that nothing more comes, that what was sent has arrived: all of it, unless the link was cut.</summary>
    /// <returns>How many bytes are lost.</returns>
    public long Settle(bool isCut)
    {
        lock (_gate)
        {
            if (!isCut)
            {
                BreakOffHeader();
            }

            var lost = 0L;
            var fragments = 0L;
            var unknown = 0;
            for (var index = 0; index < _writes.Count && !_isBroken; index++)
            {
                var write = _writes[index];
                if (write.Sent == Running)
                {
                    Break($"write {index} has not ended");
                }
                else if (write.Sent == Unknown)
                {
                    unknown += write.Arrived == 0 ? 1 : 0;
                }
                else if (write.Sent < HeaderSize)
                {
                    fragments += write.Sent;
                    CheckArrived(index, write.Arrived == 0);
                }
                else
                {
                    lost += write.Sent - write.Arrived;
                    CheckArrived(index, isCut ? write.Arrived <= write.Sent : write.Arrived == write.Sent);
                }
            }

            if (!_isBroken && (_fragments > fragments + (unknown * Digits) || (!isCut && _fragments < fragments)))
            {
                Break($"{_fragments} bytes of headers have arrived, {fragments} were sent for sure");
            }

            return lost + Math.Max(0, fragments - _fragments);
        }
    }

    private int Scramble => (int)((ulong)number * 0x9E3779B97F4A7C15UL >> 58);

    private void ReceivePart(ReadOnlySpan<byte> part)
    {
        while (_headerLeft > 0 && !part.IsEmpty)
        {
            _next = (_next << BitsPerDigit) | (part[0] ^ Scramble);
            part = part[1..];
            if (--_headerLeft == 0)
            {
                BeginToArrive(_next);
            }
        }

        if (part.IsEmpty || _isBroken)
        {
            return;
        }

        var arrived = _current < 0 ? 0 : _writes[_current].Arrived;
        if (_current < 0 || arrived + part.Length > _writes[_current].Length
            || !part.SequenceEqual(BodyOf(_current, arrived - HeaderSize, part.Length)))
        {
            Break($"{part.Length} bytes are not those of write {_current} after {arrived}");
            return;
        }

        _writes[_current].Arrived += part.Length;
    }

    private void BeginToArrive(int write)
    {
        if (write <= _current || write >= _writes.Count)
        {
            Break($"write {write} arrives after {_current}, and the last one was {_writes.Count - 1}");
            return;
        }

        _current = write;
        _writes[write].Arrived = HeaderSize;
    }

    private void BreakOffHeader()
    {
        if (_headerLeft > 0)
        {
            _fragments += HeaderSize - _headerLeft;
            _headerLeft = 0;
        }
    }

    private void CheckArrived(int index, bool isRight)
    {
        if (!isRight)
        {
            var write = _writes[index];
            Break($"of write {index}, of {write.Length} bytes, {write.Sent} were sent and {write.Arrived} have arrived");
        }
    }

    private void Break(string reason)
    {
        _isBroken = true;
        Findings.Report($"Flow {number}: {reason}");
    }

    private ReadOnlySpan<byte> BodyOf(int write, long position, int length) =>
        Pattern.Of(number, (write * Stride) + position, length).Span;

    private sealed class Written(int length)
    {
        public int Length => length;

        public long Sent { get; set; } = Running;

        public long Arrived { get; set; }
    }
}
