using System.Buffers;

namespace NetKit;

/// <summary>Strings headers, frames and delimiters together to one sequence, without copying a frame. Used again for every write.</summary>
internal sealed class FrameChain
{
    // What one large write needed is not kept forever.
    private const int MostKept = 64;

    private readonly FrameFormat _format;
    private byte[] _headers = [];
    private int _headersLength;
    private Link? _first;
    private Link? _last; // of those in use; those after it are spare
    private int _count;

    public FrameChain(FrameFormat format) => _format = format;

    /// <summary>Makes room for the headers of so many frames. Before the first is added: those in use must not move.</summary>
    public void Reserve(int frames)
    {
        var length = checked(frames * _format.HeaderRoom);
        if (_headers.Length < length)
        {
            _headers = new byte[length];
        }
    }

    public void Add(in ReadOnlySequence<byte> frame)
    {
        var header = _headers.AsMemory(_headersLength);
        var written = _format.Write(header.Span, (int)frame.Length);
        _headersLength += written;
        Append(header[..written]);
        foreach (var part in frame)
        {
            Append(part);
        }

        Append(_format.Trailer);
    }

    public ReadOnlySequence<byte> ToSequence() =>
        _first is null || _last is null ? default : new ReadOnlySequence<byte>(_first, 0, _last, _last.Memory.Length);

    /// <summary>Forgets the frames.</summary>
    public void Clear()
    {
        if (_count > MostKept)
        {
            _first = null;
            _headers = [];
        }

        var inUse = _count;
        for (var link = _first; inUse > 0 && link is not null; link = link.Following)
        {
            link.Set(default, 0);
            inUse--;
        }

        _last = null;
        _count = 0;
        _headersLength = 0;
    }

    private void Append(ReadOnlyMemory<byte> part)
    {
        if (part.IsEmpty)
        {
            return;
        }

        if (_last is not { } last)
        {
            _last = _first ??= new Link();
            _last.Set(part, 0);
        }
        else
        {
            _last = last.Following ?? last.Follow(new Link());
            _last.Set(part, last.RunningIndex + last.Memory.Length);
        }

        _count++;
    }

    private sealed class Link : ReadOnlySequenceSegment<byte>
    {
        public Link? Following => (Link?)Next;

        public Link Follow(Link next)
        {
            Next = next;
            return next;
        }

        public void Set(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }
    }
}
