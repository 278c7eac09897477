using System.IO.Pipelines;

namespace NetKit.Tests;

/// <summary>A pipe whose writer holds back what is flushed while its reader has more to read, as the owner of a connection makes one.</summary>
internal sealed class GatheringPipe : IDuplexPipe
{
    private readonly Queue<IThreadPoolWorkItem> _scheduled = new();
    private readonly bool _byHand;
    private readonly Func<Exception, Exception?> _failure;
    private readonly Reader _reader;
    private readonly Writer _writer;

    /// <param name="connection">The connection.</param>
    /// <param name="byHand">Whether <see cref="RunScheduled"/> runs what sends the held bytes, and nobody else does.</param>
    /// <param name="failure">What the writer makes of a failure. Null: leaves it as it is.</param>
    public GatheringPipe(Connection connection, bool byHand = false, Func<Exception, Exception?>? failure = null)
    {
        _byHand = byHand;
        _failure = failure ?? (exception => exception);
        _reader = new Reader(connection, this);
        _writer = new Writer(connection, this);
    }

    public PipeReader Input => _reader;

    public PipeWriter Output => _writer;

    public bool HasUnread => _reader.HasUnread;

    /// <summary>How many items are on their way.</summary>
    public int Scheduled => _scheduled.Count;

    public void RunScheduled()
    {
        while (_scheduled.TryDequeue(out var item))
        {
            item.Execute();
        }
    }

    private sealed class Reader(Connection connection, GatheringPipe pipe) : ConnectionPipeReader(connection)
    {
        protected override void OnWaiting() => pipe._writer.SendHeld();
    }

    private sealed class Writer(Connection connection, GatheringPipe pipe) : ConnectionPipeWriter(connection)
    {
        protected override bool MayHold => pipe.HasUnread;

        protected override Exception? Failure(Exception exception) => pipe._failure(exception);

        internal override void Schedule(IThreadPoolWorkItem sending)
        {
            if (pipe._byHand)
            {
                pipe._scheduled.Enqueue(sending);
            }
            else
            {
                base.Schedule(sending);
            }
        }
    }
}
