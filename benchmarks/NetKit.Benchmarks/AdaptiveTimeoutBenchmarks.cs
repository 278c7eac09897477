using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>What an adaptive timeout costs an attempt, once it has samples enough.</summary>
[MemoryDiagnoser]
public class AdaptiveTimeoutBenchmarks
{
    private readonly AdaptiveTimeout _adaptive = new();
    private int _attempt;
    private int _counter;

    [GlobalSetup]
    public void Learn()
    {
        for (var times = 0; times < 1_000; times++)
        {
            _adaptive.Record(Latency());
        }

        _ = _adaptive.Current;
    }

    /// <summary>What one counter costs that threads share: no sample can be counted for less.</summary>
    [Benchmark(Baseline = true)]
    public int InterlockedIncrement() => Interlocked.Increment(ref _counter);

    [Benchmark]
    public void Record() => _adaptive.Record(Latency());

    [Benchmark]
    public TimeSpan Current() => _adaptive.Current;

    [Benchmark]
    public Deadline NextDeadline() => _adaptive.NextDeadline();

    // From 1 to 9 ms, so that it is not always the same bucket.
    private TimeSpan Latency() => TimeSpan.FromTicks(10_000 + ((_attempt++ & 7) * 10_000));
}
