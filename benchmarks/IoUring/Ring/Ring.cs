using System.Runtime.CompilerServices;

namespace NetKit.Benchmarks;

/// <summary>One io_uring, shared with the kernel through memory. Belongs to the thread that made it.</summary>
internal sealed unsafe class Ring : IDisposable
{
    private const uint Submissions = 256;
    private const uint Completions = 8192;
    private const long EntriesOffset = 0x10000000; // IORING_OFF_SQES
    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const int SharedPopulated = 0x8001; // MAP_SHARED | MAP_POPULATE
    private const uint TasksWait = 1 << 2; // IORING_SQ_TASKRUN

    private readonly nint _memory;
    private readonly nuint _memorySize;
    private readonly SubmissionEntry* _entries;
    private readonly CompletionEntry* _completions;
    private readonly uint* _submissionTail;
    private readonly uint* _submissionFlags;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _submissionMask;
    private readonly uint _completionMask;

    private int _enterDescriptor;
    private EnterFlags _enterFlags;
    private uint _tail;
    private uint _pending; // entries that the kernel has not seen yet
    private uint _head;

    private Ring(int descriptor, in RingParameters parameters)
    {
        Descriptor = _enterDescriptor = descriptor;
        Features = parameters.Features;
        _memorySize = Math.Max(
            parameters.Submission.Array + (parameters.SubmissionEntries * sizeof(uint)),
            parameters.Completion.Completions + (parameters.CompletionEntries * (uint)sizeof(CompletionEntry)));
        _memory = Map(_memorySize, 0);
        _entries = (SubmissionEntry*)Map(parameters.SubmissionEntries * (uint)sizeof(SubmissionEntry), EntriesOffset);
        _submissionTail = At(parameters.Submission.Tail);
        _submissionFlags = At(parameters.Submission.Flags);
        _submissionMask = *At(parameters.Submission.Mask);
        _completionHead = At(parameters.Completion.Head);
        _completionTail = At(parameters.Completion.Tail);
        _completionMask = *At(parameters.Completion.Mask);
        _completions = (CompletionEntry*)At(parameters.Completion.Completions);
        if (!parameters.Flags.HasFlag(SetupFlags.NoSubmissionArray))
        {
            var array = At(parameters.Submission.Array);
            for (var index = 0u; index < parameters.SubmissionEntries; index++)
            {
                array[index] = index;
            }
        }
    }

    public int Descriptor { get; }

    /// <summary>IORING_FEAT_*: what the kernel says of itself.</summary>
    public uint Features { get; }

    /// <summary>Counts the calls of io_uring_enter.</summary>
    public long Enters { get; private set; }

    /// <summary>Whether entries wait to be submitted.</summary>
    public bool HasSubmissions => _pending > 0;

    public bool HasCompletions => Volatile.Read(ref *_completionTail) != _head;

    /// <summary>Whether something came in that the kernel finishes when it is entered: only with <see cref="SetupFlags.TaskFlag"/>.</summary>
    public bool HasTasks => (Volatile.Read(ref *_submissionFlags) & TasksWait) != 0;

    /// <summary>Makes a ring, or tells the error number.</summary>
    public static Ring? TryCreate(SetupFlags flags, out int errno)
    {
        var parameters = new RingParameters { Flags = flags | SetupFlags.CompletionSize, CompletionEntries = Completions };
        var descriptor = RingCalls.Setup(Submissions, &parameters);
        errno = Math.Max(0, -descriptor);
        return errno == 0 ? new Ring(descriptor, parameters) : null;
    }

    public int Register(RegisterOperation operation, void* argument, uint count) =>
        RingCalls.Register(Descriptor, operation, argument, count);

    /// <summary>Spares the kernel the look-up of the descriptor at each entry.</summary>
    public int RegisterDescriptor()
    {
        var update = stackalloc ulong[2]; // struct io_uring_rsrc_update
        ((uint*)update)[0] = uint.MaxValue; // any index
        update[1] = (ulong)Descriptor;
        var result = Register(RegisterOperation.RingDescriptors, update, 1);
        if (result == 1)
        {
            _enterDescriptor = (int)((uint*)update)[0];
            _enterFlags |= EnterFlags.RegisteredRing;
        }

        return result;
    }

    /// <summary>Keeps the waits out of the books on disks.</summary>
    public void WaitUncounted() => _enterFlags |= EnterFlags.NoDiskWait;

    /// <summary>The next entry to fill in, cleared. It goes to the kernel with the next <see cref="Enter"/>.</summary>
    public ref SubmissionEntry Next()
    {
        while (_pending > _submissionMask)
        {
            Enter(0);
        }

        ref var entry = ref _entries[_tail++ & _submissionMask];
        _pending++;
        entry = default;
        return ref entry;
    }

    /// <summary>Submits whatever is pending, and waits until so many completions are there.</summary>
    public void Enter(uint completions)
    {
        Volatile.Write(ref *_submissionTail, _tail);
        Enters++;
        var submitted = RingCalls.Enter(_enterDescriptor, _pending, completions, _enterFlags | EnterFlags.GetEvents);
        if (submitted >= 0)
        {
            _pending -= (uint)submitted;
        }
        else if (-submitted is not (Errno.Interrupted or Errno.Again or Errno.Busy))
        {
            throw Errno.ToException("io_uring_enter", -submitted);
        }
    }

    public bool TryTake(out CompletionEntry completion)
    {
        Unsafe.SkipInit(out completion);
        if (!HasCompletions)
        {
            return false;
        }

        completion = _completions[_head++ & _completionMask];
        Volatile.Write(ref *_completionHead, _head);
        return true;
    }

    /// <summary>The next completion, waited for.</summary>
    public CompletionEntry Take()
    {
        CompletionEntry completion;
        while (!TryTake(out completion))
        {
            Enter(1);
        }

        return completion;
    }

    public void Dispose()
    {
        _ = LibC.Unmap((nint)_entries, (_submissionMask + 1) * (nuint)sizeof(SubmissionEntry));
        _ = LibC.Unmap(_memory, _memorySize);
        _ = LibC.Close(Descriptor);
    }

    private uint* At(uint offset) => (uint*)(_memory + (nint)offset);

    private nint Map(nuint size, long offset)
    {
        var memory = LibC.Map(0, size, ReadWrite, SharedPopulated, Descriptor, offset);
        return memory != -1 ? memory : throw Errno.LastAsException("mmap");
    }
}
