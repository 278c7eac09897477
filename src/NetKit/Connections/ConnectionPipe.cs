using System.IO.Pipelines;

namespace NetKit;

/// <summary>A connection as System.IO.Pipelines sees it. Neither end owns the connection.</summary>
internal sealed class ConnectionPipe : IDuplexPipe
{
    // Zero-byte reads: an idle reader waits for data without renting a buffer for it.
    private static readonly StreamPipeReaderOptions s_readerDefaults = new(leaveOpen: true, useZeroByteReads: true);
    private static readonly StreamPipeWriterOptions s_writerDefaults = new(leaveOpen: true);

    public ConnectionPipe(Connection connection, StreamPipeReaderOptions? readerOptions, StreamPipeWriterOptions? writerOptions)
    {
        Input = PipeReader.Create(connection, readerOptions ?? s_readerDefaults);
        Output = PipeWriter.Create(connection, writerOptions ?? s_writerDefaults);
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }
}
