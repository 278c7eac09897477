namespace NetKit.Tests;

/// <summary>A failure that comes when the test says so, and tells whether anybody saw it.</summary>
internal sealed class LateFailure : IDisposable
{
    private readonly TaskCompletionSource _coming = new();
    private readonly InvalidOperationException _failure = new("on purpose");
    private int _unobserved;
    private volatile bool _isThrown;

    public LateFailure() => TaskScheduler.UnobservedTaskException += OnUnobserved;

    /// <summary>Fails, when it is time.</summary>
    public async Task<T> ComeAsync<T>()
    {
        await _coming.Task;
        throw _failure;
    }

    /// <summary>Fails at once: a callback on a token does.</summary>
    public void Throw()
    {
        _isThrown = true;
        throw _failure;
    }

    public Task IsThrownAsync() => Eventually.True(() => _isThrown, "nobody called what fails");

    /// <summary>Lets it come, collects what nobody holds, and asserts that none of it was a failure unseen.</summary>
    public void AssertObserved()
    {
        _coming.SetResult();
        for (var turn = 0; turn < 3; turn++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(0, Volatile.Read(ref _unobserved));
    }

    public void Dispose() => TaskScheduler.UnobservedTaskException -= OnUnobserved;

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs unobserved) =>
        Interlocked.Add(ref _unobserved, unobserved.Exception.Flatten().InnerExceptions.Count(inner => inner == _failure));
}
