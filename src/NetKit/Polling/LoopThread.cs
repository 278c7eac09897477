namespace NetKit;

/// <summary>A thread that leads a loop, or waits to be given one.</summary>
/// <remarks>A leader that was replaced becomes a spare when its user code returns. A spare that nobody needs for a while ends.</remarks>
internal sealed class LoopThread
{
    // So many reads in a row may find their data without waiting; then the others have their turn.
    private const int MostReadsInARow = 64;

    private static readonly TimeSpan s_spareTime = TimeSpan.FromSeconds(5);
    private static readonly Lock s_sparesGate = new(); // guards s_spares
    private static readonly List<LoopThread> s_spares = [];

    [ThreadStatic]
    private static LoopThread? t_current;

    private readonly object _gate = new(); // guards _loop and _cursor until the thread takes them
    private PollLoop? _loop;
    private long _cursor;
    private int _readsLeft;
    private ExecutionContext? _ownContext;

    private LoopThread()
    {
    }

    /// <summary>The loop that this very thread leads, or led before it was replaced; null on other threads.</summary>
    public static PollLoop? CurrentLoop => t_current?._loop;

    /// <summary>Takes a spare thread, or starts one. It is owed a loop or to be given back.</summary>
    public static LoopThread Take()
    {
        lock (s_sparesGate)
        {
            if (s_spares is [.., var last])
            {
                s_spares.RemoveAt(s_spares.Count - 1);
                return last;
            }
        }

        var taken = new LoopThread();
        new Thread(taken.Run) { IsBackground = true, Name = "NetKit loop" }.UnsafeStart();
        return taken;
    }

    /// <summary>Tells whether user code on this thread should let the loop go on before it reads more.</summary>
    /// <remarks>So does one that reads for long without ever waiting, and one whose loop is led by another thread by now.</remarks>
    public static bool ShouldYield() => t_current is { } current && current.MustYield();

    /// <summary>Tells whether this thread leads the loop now, and so which batch is under way.</summary>
    public static bool Leads(PollLoop loop, out int batch)
    {
        var cursor = loop.Cursor;
        batch = LoopCursor.BatchOf(cursor);
        return t_current is { } current && current._loop == loop && LoopCursor.TermOf(cursor) == LoopCursor.TermOf(current._cursor);
    }

    /// <summary>Runs work as soon as the code that runs on this thread now has returned; on another thread if that takes long.</summary>
    public static void RunNext(IThreadPoolWorkItem work)
    {
        if (CurrentLoop is { } loop)
        {
            loop.Enqueue(work);
        }
        else
        {
            // A thread of the pool takes its own items first, and the others take them from one that is busy.
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: true);
        }
    }

    /// <summary>Makes this thread the leader of a loop.</summary>
    public void Lead(PollLoop loop, long cursor)
    {
        lock (_gate)
        {
            _cursor = cursor;
            _loop = loop;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Gives a thread back that was not needed after all.</summary>
    public void GiveBack()
    {
        lock (s_sparesGate)
        {
            s_spares.Add(this);
        }
    }

    /// <summary>Runs what waited for the events.</summary>
    public void Dispatch(PolledDescriptor descriptor, EpollEvents events)
    {
        _readsLeft = MostReadsInARow;
        descriptor.OnEvents(events);
        RestoreContext();
    }

    /// <summary>Runs work that was handed to the loop.</summary>
    public void Dispatch(IThreadPoolWorkItem work)
    {
        _readsLeft = MostReadsInARow;
        work.Execute();
        RestoreContext();
    }

    private bool MustYield() => --_readsLeft < 0 || LoopCursor.TermOf(_loop!.Cursor) != LoopCursor.TermOf(_cursor);

    private void Run()
    {
        t_current = this;
        _ownContext = ExecutionContext.Capture();
        while (WaitForLoop())
        {
            _loop!.Lead(_cursor, this);
            _loop = null;
            GiveBack();
        }
    }

    private bool WaitForLoop()
    {
        lock (_gate)
        {
            while (_loop is null)
            {
                try
                {
                    if (!Monitor.Wait(_gate, s_spareTime) && _loop is null && TryRetire())
                    {
                        return false;
                    }
                }
                catch (ThreadInterruptedException)
                {
                    // Meant for the user code that ran here before.
                }
            }

            return true;
        }
    }

    // One that is no spare any more was taken, and will be given a loop.
    private bool TryRetire()
    {
        lock (s_sparesGate)
        {
            return s_spares.Remove(this);
        }
    }

    /// <summary>Takes away what user code left on the thread, as the thread pool does between its items.</summary>
    private void RestoreContext()
    {
        if (ExecutionContext.Capture() != _ownContext)
        {
            ExecutionContext.Restore(_ownContext!);
        }

        if (SynchronizationContext.Current is not null)
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }
}
