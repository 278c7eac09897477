using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests;

/// <summary>Keeps what is logged; throws after that if the test says so.</summary>
internal sealed class RecordingLogger(bool throws = false) : ILoggerFactory, ILogger
{
    public ConcurrentQueue<(LogLevel Level, int Id, string Message, Exception? Exception)> Entries { get; } = new();

    /// <summary>Is called with the id before anything is kept; it may block.</summary>
    public Action<int>? Logging { get; init; }

    public int CountOf(int id) => Entries.Count(entry => entry.Id == id);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => throws ? throw new InvalidOperationException("The log is broken.") : null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Logging?.Invoke(eventId.Id);
        Entries.Enqueue((logLevel, eventId.Id, formatter(state, exception), exception));
        if (throws)
        {
            throw new InvalidOperationException("The log is broken.");
        }
    }
}
