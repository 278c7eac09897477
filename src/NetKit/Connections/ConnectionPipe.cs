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
}
