using System.Net;

namespace NetKit.Tests;

/// <summary>Answers dials by a script, and keeps when each began.</summary>
internal sealed class ScriptedDialer(TimeProvider? clock = null) : IDialer
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Lock _gate = new(); // guards Starts and Script
    private readonly long _began = (clock ?? TimeProvider.System).GetTimestamp();

    public delegate Task<Connection> Answer(EndPoint endPoint, CancellationToken cancellationToken);

    /// <summary>Connects, in memory; the peer has closed already.</summary>
    public static Answer Connect { get; } = static (_, _) =>
    {
        var (first, second) = Connection.CreatePair();
        second.Dispose();
        return Task.FromResult(first);
    };

    /// <summary>Never answers.</summary>
    public static Answer Hang { get; } = static async (_, cancellationToken) =>
    {
        await PauseAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        throw new InvalidOperationException("The wait was endless.");
    };

    /// <summary>What the next dials get; after that they get <see cref="Rest"/>, or a connection.</summary>
    public Queue<Answer> Script { get; } = new();

    public Func<Exception>? Rest { get; init; }

    /// <summary>When each dial began, counted from the making of the dialer.</summary>
    public List<TimeSpan> Starts { get; } = [];

    public static Answer Fail(Func<Exception> failure) => (_, _) => Task.FromException<Connection>(failure());

    /// <summary>Fails after some time.</summary>
    public static Answer FailAfter(TimeSpan time, TimeProvider clock, Func<Exception> failure) => async (_, cancellationToken) =>
    {
        await PauseAsync(time, clock, cancellationToken).ConfigureAwait(false);
        throw failure();
    };

    public async ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        Answer? answer;
        lock (_gate)
        {
            Starts.Add(_clock.GetElapsedTime(_began));
            Script.TryDequeue(out answer);
        }

        cancellationToken.ThrowIfCancellationRequested();
        answer ??= Rest is null ? Connect : Fail(Rest);
        return await answer(endPoint, cancellationToken).ConfigureAwait(false);
    }

    // As Task.Delay, but what is cancelled goes on at once, on the thread that cancels, and not in the pool: a fake clock does not wait.
    private static async Task PauseAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var over = new TaskCompletionSource();
        using var timer = clock.CreateTimer(static over => ((TaskCompletionSource)over!).TrySetResult(), over, time, Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.UnsafeRegister(
            static (over, token) => ((TaskCompletionSource)over!).TrySetCanceled(token), over);
        await over.Task.ConfigureAwait(false);
    }
}
