using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace NetKit;

/// <summary>Waits until a descriptor is worth asking, one wait at a time, again and again.</summary>
/// <remarks>A wait may end without a reason: whoever waits looks at the descriptor, the token and whatever else could be the matter.</remarks>
internal sealed class DescriptorWait : IPollable, IValueTaskSource
{
    private readonly bool _continuesElsewhere;
    private ManualResetValueTaskSourceCore<bool> _promise;
    private CancellationTokenRegistration _registration;
    private PolledDescriptor? _descriptor;
    private int _waiting;

    /// <param name="continuesElsewhere">Whether what awaits goes on in the thread pool, and not where the event was seen.</param>
    public DescriptorWait(bool continuesElsewhere) => _continuesElsewhere = continuesElsewhere;

    /// <summary>Waits until the descriptor is worth receiving from, its close, or the token, or <see cref="End"/>.</summary>
    /// <returns>Success, or why the descriptor's events cannot be waited for.</returns>
    public ValueTask<SocketError> UntilReadableAsync(PolledDescriptor descriptor, CancellationToken cancellationToken) =>
        WaitAsync(descriptor, toWrite: false, cancellationToken);

    /// <summary>As <see cref="UntilReadableAsync"/>, for sending. A socket that connects is worth asking then, too.</summary>
    public ValueTask<SocketError> UntilWritableAsync(PolledDescriptor descriptor, CancellationToken cancellationToken) =>
        WaitAsync(descriptor, toWrite: true, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SocketError> WaitAsync(PolledDescriptor descriptor, bool toWrite, CancellationToken cancellationToken)
    {
        _promise.Reset();
        _descriptor = descriptor;
        var before = Interlocked.Exchange(ref _waiting, 1);
        Debug.Assert(before == 0, "One wait at a time.");
        _registration = cancellationToken.UnsafeRegister(static state => ((DescriptorWait)state!).End(), this);
        var status = toWrite ? descriptor.AwaitWritable(this) : descriptor.AwaitReadable(this);
        if (status != SocketError.Success || descriptor.IsClosing)
        {
            // No event will come; and a close before anybody could see that we wait has ended nothing.
            End();
        }

        await new ValueTask(this, _promise.Version).ConfigureAwait(false);
        _registration.Unregister();
        return status;
    }

    /// <summary>Ends the wait that there is, if there is one.</summary>
    public void End() => Complete(inline: false);

    object? IPollable.Waiting => this;

    bool IPollable.OnReady(bool isHandedOver, bool inline) => Complete(inline && !_continuesElsewhere, isHandedOver);

    void IThreadPoolWorkItem.Execute() => Complete(!_continuesElsewhere);

    void IValueTaskSource.GetResult(short token) => _promise.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _promise.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    private bool Complete(bool inline, bool isHandedOver = false)
    {
        if (Volatile.Read(ref _waiting) == 0 || Interlocked.Exchange(ref _waiting, 0) == 0)
        {
            return false;
        }

        if (isHandedOver)
        {
            // Whoever awaited this takes it from there.
            _descriptor!.KeepReadable();
        }

        _promise.RunContinuationsAsynchronously = !inline;
        _promise.SetResult(true);
        return true;
    }
}
