using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>Waits for the events of many descriptors, and runs on one thread at a time what waited for them.</summary>
/// <remarks>
/// <para>Descriptors are registered with epoll once, edge-triggered. What an event resumes runs inline, on the thread that
/// saw the event: the leader. Besides, the loop runs the deadlines of its connections and work that was handed to it.</para>
/// <para>Invariant: each event and each piece of work is taken by exactly one thread, the one that moved
/// <see cref="LoopCursor"/> on. A leader that does not come back from user code is replaced by <see cref="LoopMonitor"/>: the
/// next leader goes on with the rest of the batch, and the old one finds its cursor gone and leaves.</para>
/// </remarks>
internal sealed unsafe class PollLoop
{
    private const int EventsPerWait = 256;
    private const int MostWorkPerBatch = 1024;
    private const ulong WakeKey = ulong.MaxValue;
    private const uint WakePlace = uint.MaxValue; // its half of the key; no descriptor has it

    // What _sleepsUntil says while the leader is not asleep: before every tick.
    private const long Awake = long.MinValue;

    private readonly int _epoll;
    private readonly int _wake;
    private readonly byte* _events;
    private readonly DescriptorTable _table = new();
    private readonly WorkQueue _work = new();
    private readonly Lock _starting = new();
    private long _cursor = LoopCursor.Start;
    private long _sleepsUntil = Awake;
    private int _eventCount; // written by the leader before the batch begins
    private SpinPolicy _spinning; // the leader's
    private bool _started; // guarded by _starting, to be written

    public PollLoop()
    {
        Scheduler = new LoopScheduler(this);
        _wake = -1;
        _epoll = Checked(Libc.EpollCreate(Libc.CloseOnExec));
        try
        {
            _wake = Checked(Libc.EventDescriptor(0, Libc.CloseOnExec | Libc.NonBlocking));
            Checked(Control(Libc.EpollAdd, _wake, EpollEvents.In | EpollEvents.EdgeTriggered, WakeKey));
            _events = (byte*)NativeMemory.AllocZeroed(EventsPerWait, EpollRecord.LargestSize);
        }
        catch
        {
            _ = Libc.Close(_wake);
            _ = Libc.Close(_epoll);
            throw;
        }
    }

    private LoopScheduler Scheduler { get; }

    /// <summary>Where the deadlines of a connection with that clock are kept.</summary>
    public DeadlineScheduler SchedulerFor(TimeProvider? clock) =>
        clock is null || ReferenceEquals(clock, TimeProvider.System) ? Scheduler : DeadlineScheduler.For(clock);

    /// <summary>Who leads and what is done.</summary>
    public long Cursor => Volatile.Read(ref _cursor);

    /// <summary>Gives the loop its first leader, before it is first used. Throws, to be tried again, when there is no thread to be had.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _started))
        {
            return;
        }

        lock (_starting)
        {
            if (_started)
            {
                return;
            }

            var leader = LoopThread.Take();
            try
            {
                LoopMonitor.Watch(this);
            }
            catch
            {
                leader.GiveBack();
                throw;
            }

            leader.Lead(this, LoopCursor.Start);
            Volatile.Write(ref _started, true);
        }
    }

    /// <summary>Begins to report a descriptor's events. Success, or why epoll has no room for it.</summary>
    public SocketError Register(PolledDescriptor owner, int descriptor, EpollEvents events, out int place)
    {
        place = _table.Add(owner);
        if (Control(Libc.EpollAdd, descriptor, events, _table.KeyOf(place)) == 0)
        {
            return SocketError.Success;
        }

        var error = Errno.LastSocketError;
        _table.Remove(place);
        return error;
    }

    /// <summary>Reports other events of a descriptor from here on; also those that are there already.</summary>
    public SocketError Modify(int descriptor, EpollEvents events, int place) =>
        Control(Libc.EpollModify, descriptor, events, _table.KeyOf(place)) == 0 ? SocketError.Success : Errno.LastSocketError;

    /// <summary>Reports nothing more of a descriptor that is about to be closed.</summary>
    public void Unregister(int place) => _table.Remove(place);

    /// <summary>Runs work on the loop, soon, as if an event had brought it.</summary>
    public void Enqueue(IThreadPoolWorkItem work)
    {
        _work.Add(work);
        WakeBefore(Awake);
    }

    /// <summary>Wakes the leader if it means to sleep beyond a tick.</summary>
    public void WakeBefore(long tick)
    {
        // What the leader is to see was written before this. It says that it sleeps, fences, and looks once more; we do the reverse.
        Interlocked.MemoryBarrier();
        var until = Volatile.Read(ref _sleepsUntil);
        if (until > tick && Interlocked.CompareExchange(ref _sleepsUntil, Awake, until) == until)
        {
            // Edge-triggered too: each write is an event, and nobody needs to read the count.
            var one = 1UL;
            _ = Libc.Write(_wake, &one, sizeof(ulong));
        }
    }

    /// <summary>Puts a new leader in place of one that has not come back; false when it has.</summary>
    public bool TryReplaceLeader(long cursor, LoopThread next)
    {
        var nextTerm = LoopCursor.NextTerm(cursor);
        if (Interlocked.CompareExchange(ref _cursor, nextTerm, cursor) != cursor)
        {
            return false;
        }

        next.Lead(this, nextTerm);
        return true;
    }

    /// <summary>Leads until another thread does.</summary>
    public void Lead(long cursor, LoopThread thread)
    {
        do
        {
            if (!TryFinishBatch(ref cursor, thread))
            {
                return;
            }
        }
        while (TryBeginBatch(ref cursor));
    }

    private bool TryFinishBatch(ref long cursor, LoopThread thread)
    {
        for (var step = LoopCursor.StepOf(cursor); step < _eventCount; step++)
        {
            var events = EpollRecord.Read(_events + (step * EpollRecord.Size), out var key);
            if (!TryStep(ref cursor))
            {
                return false;
            }

            LookAhead(step);
            if (DescriptorOf(key) is { } descriptor)
            {
                thread.Dispatch(descriptor, events);
            }
        }

        if (Scheduler.IsDue && LoopCursor.HasStepsLeft(cursor))
        {
            if (!TryStep(ref cursor))
            {
                return false;
            }

            Scheduler.Run();
        }

        // What this work brings waits for the next batch: nobody who always has more to do keeps an event waiting.
        for (var count = Math.Min(_work.Count, MostWorkPerBatch); count > 0 && LoopCursor.HasStepsLeft(cursor); count--)
        {
            if (!TryStep(ref cursor))
            {
                return false;
            }

            if (_work.TryTake(out var work))
            {
                thread.Dispatch(work);
            }
        }

        return true;
    }

    /// <summary>Has what the next events will touch brought near, while the system works on the present one.</summary>
    /// <remarks>With a thousand connections none of it is in the cache: a sixteenth of the time went into waiting for it.</remarks>
    private void LookAhead(int step)
    {
        if (step + 2 < _eventCount)
        {
            EpollRecord.Read(_events + ((step + 2) * EpollRecord.Size), out var key);
            Prefetch.At(DescriptorOf(key), lines: 6);
        }

        if (step + 1 < _eventCount)
        {
            EpollRecord.Read(_events + ((step + 1) * EpollRecord.Size), out var key);
            Prefetch.At(DescriptorOf(key)?.Waiting, lines: 4);
        }
    }

    // A leader that was replaced may look ahead into the next batch while it comes in, and find half of a key.
    private PolledDescriptor? DescriptorOf(ulong key) => (uint)key == WakePlace ? null : _table.Find(key);

    private bool TryBeginBatch(ref long cursor)
    {
        var polling = LoopCursor.Polling(cursor);
        if (Interlocked.CompareExchange(ref _cursor, polling, cursor) != cursor)
        {
            return false;
        }

        _eventCount = WaitForEvents();
        cursor = LoopCursor.NextBatch(polling);

        // A full fence: the monitor sees that we work, or we see that it sleeps.
        Interlocked.Exchange(ref _cursor, cursor);
        LoopMonitor.EnsureAwake();
        return true;
    }

    /// <summary>Claims the next step; false when another thread leads by now.</summary>
    private bool TryStep(ref long cursor)
    {
        var next = LoopCursor.NextStep(cursor);
        if (Interlocked.CompareExchange(ref _cursor, next, cursor) != cursor)
        {
            return false;
        }

        cursor = next;
        return true;
    }

    private int WaitForEvents()
    {
        var count = 0;
        if (!_work.IsEmpty)
        {
            count = Poll(milliseconds: 0);
        }
        else if (!_spinning.ShouldSpin || (count = Spin()) == 0)
        {
            count = Sleep();
        }

        if (count > 0)
        {
            EpollRecord.Read(_events, out var key);
            _spinning.OnEvents(count, key);
        }

        return count;
    }

    private int Sleep()
    {
        var tick = Scheduler.NextTick;

        // A full fence: whoever brings work or an earlier deadline sees that we sleep, or we see what was brought.
        Interlocked.Exchange(ref _sleepsUntil, tick);
        var isNeeded = !_work.IsEmpty || Scheduler.NextTick < tick;
        var count = Poll(isNeeded ? 0 : Scheduler.PatienceFor(tick));
        Volatile.Write(ref _sleepsUntil, Awake);
        return count;
    }

    private int Spin()
    {
        var end = SpinPolicy.EndOfSpin;
        int count;
        while ((count = Poll(milliseconds: 0)) == 0 && _work.IsEmpty && !Scheduler.IsDue && Stopwatch.GetTimestamp() < end)
        {
            // The answer may have to come from a thread that waits for this very core.
            _ = Libc.Yield();
        }

        _spinning.OnSpun(count > 0);
        return count;
    }

    private int Poll(int milliseconds)
    {
        var count = Libc.EpollWait(_epoll, _events, EventsPerWait, milliseconds);
        if (count < 0 && Errno.Last != Errno.Interrupted)
        {
            throw new SocketException((int)Errno.LastSocketError, "The system does not wait for events any more: was a descriptor closed that belongs to NetKit?");
        }

        return Math.Max(count, 0);
    }

    private int Control(int operation, int descriptor, EpollEvents events, ulong key)
    {
        var record = stackalloc byte[EpollRecord.LargestSize];
        EpollRecord.Write(record, events, key);
        return Libc.EpollControl(_epoll, operation, descriptor, record);
    }

    private static int Checked(int result) => result >= 0 ? result : throw new SocketException((int)Errno.LastSocketError);
}
