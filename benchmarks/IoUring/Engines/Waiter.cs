using System.Threading.Tasks.Sources;

namespace NetKit.Benchmarks;

/// <summary>Lets one handler wait at a time, and goes on with it at once, on the thread that ends the wait.</summary>
internal sealed class Waiter : IValueTaskSource<int>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<int> _core;

    public bool IsWaiting { get; private set; }

    public ValueTask<int> WaitForCount()
    {
        Begin();
        return new ValueTask<int>(this, _core.Version);
    }

    public ValueTask Wait()
    {
        Begin();
        return new ValueTask(this, _core.Version);
    }

    public void End(int count)
    {
        IsWaiting = false;
        _core.SetResult(count);
    }

    public void Fail(string operation, int errno)
    {
        IsWaiting = false;
        _core.SetException(Errno.ToException(operation, errno));
    }

    int IValueTaskSource<int>.GetResult(short token) => _core.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Begin()
    {
        _core.Reset();
        IsWaiting = true;
    }
}
