using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Acquire and return, from several tasks at once, with a connection for each of them. The time is that of one pair, all tasks together.</summary>
[MemoryDiagnoser]
public class PoolContendedBenchmarks : IAsyncDisposable
{
    private const int Size = 16;
    private const int Pairs = 256 * 1024;
    private const int Dials = 1024;

    private readonly NetKitPoolWay _netKit = new(Size);
    private readonly SemaphorePoolWay _semaphore = new(Size);
    private readonly ChannelPoolWay _channel = new(Size);
    private readonly DialWay _dial = new();

    [Params(2, 4, 8, 16)]
    public int Tasks { get; set; }

    [GlobalSetup]
    public Task Open() => Task.WhenAll(_netKit.OpenAsync(), _semaphore.OpenAsync(), _channel.OpenAsync(), _dial.OpenAsync());

    [Benchmark(Baseline = true, OperationsPerInvoke = Pairs)]
    public Task ConnectionPool() => RunAsync(_netKit, Pairs);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task SemaphoreAndQueue() => RunAsync(_semaphore, Pairs);

    [Benchmark(OperationsPerInvoke = Pairs)]
    public Task Channel() => RunAsync(_channel, Pairs);

    [Benchmark(OperationsPerInvoke = Dials)]
    public Task DialPerRequest() => RunAsync(_dial, Dials);

    [GlobalCleanup]
    public async ValueTask DisposeAsync()
    {
        await _netKit.DisposeAsync();
        await _semaphore.DisposeAsync();
        await _channel.DisposeAsync();
        await _dial.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task RunAsync<TLease>(PoolWay<TLease> way, int pairs)
    {
        var tasks = new Task[Tasks];
        for (var index = 0; index < tasks.Length; index++)
        {
            tasks[index] = Task.Run(async () =>
            {
                for (var pair = 0; pair < pairs / Tasks; pair++)
                {
                    way.Return(await way.AcquireAsync(CancellationToken.None));
                }
            });
        }

        return Task.WhenAll(tasks);
    }
}
