using System.Threading.RateLimiting;

namespace NetKit.Tests;

/// <summary>A limiter that counts the leases it gave, denied ones too, and those that came back.</summary>
/// <param name="admits">Whether the so-manieth client is let in. Default: every one.</param>
/// <param name="onReturn">What happens when a lease comes back.</param>
internal sealed class CountingLimiter(Func<int, bool>? admits = null, Action? onReturn = null) : RateLimiter
{
    private int _given;
    private int _returned;

    public int Given => Volatile.Read(ref _given);

    public int Returned => Volatile.Read(ref _returned);

    public override TimeSpan? IdleDuration => null;

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        var number = Interlocked.Increment(ref _given);
        return new Lease(this, admits is null || admits(number));
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("Nobody may wait on the accept path.");

    private void OnReturned()
    {
        Interlocked.Increment(ref _returned);
        onReturn?.Invoke();
    }

    private sealed class Lease(CountingLimiter owner, bool isAcquired) : RateLimitLease
    {
        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }

        // One that came back twice shows as one that was never given.
        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            owner.OnReturned();
        }
    }
}
