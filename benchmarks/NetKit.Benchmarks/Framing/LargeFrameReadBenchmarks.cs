using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Frames of 16 KB, 16 in one send.</summary>
public class LargeFrameReadBenchmarks() : FrameReadBenchmarks(16384, Frames)
{
    private const int Frames = 16;

    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public Task<int> PipeReaderByHand() => ParsePipeAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> StreamReadExactly() => ReadExactlyAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameReader() => ReadFramesAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameReaderTryRead() => ReadFramesTogetherAsync();
}
