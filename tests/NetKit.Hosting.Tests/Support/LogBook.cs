using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Hosting;

/// <summary>Keeps what is logged, as "level id message exception".</summary>
internal sealed class LogBook : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Entries { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Entries.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)} {exception?.Message}");

    public void Dispose()
    {
    }
}
