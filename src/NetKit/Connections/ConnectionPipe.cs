using System.IO.Pipelines;

namespace NetKit;

/// <summary>A connection as System.IO.Pipelines sees it. Neither end owns the connection.</summary>
internal sealed class ConnectionPipe : IDuplexPipe
{
    public ConnectionPipe(Connection connection, StreamPipeReaderOptions? readerOptions, StreamPipeWriterOptions? writerOptions)
    {
        Input = readerOptions is null ? new ConnectionPipeReader(connection) : PipeReader.Create(connection, readerOptions);
        Output = writerOptions is null ? new ConnectionPipeWriter(connection) : PipeWriter.Create(connection, writerOptions);
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Whether nothing is held that was received and not consumed, or written and not flushed. While neither is in use.</summary>
    /// <remarks>The framework's reader does not tell what it holds.</remarks>
    public bool IsEmpty => Input is ConnectionPipeReader { IsEmpty: true } && Output.UnflushedBytes == 0;
}
