using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Frames of 64 B, 512 in one send.</summary>
public class SmallFrameReadBenchmarks() : FrameReadBenchmarks(64, Frames)
{
    private const int Frames = 512;

    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public Task<int> PipeReaderByHand() => ParsePipeAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> StreamReadExactly() => ReadExactlyAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameReader() => ReadFramesAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameReaderTryRead() => ReadFramesTogetherAsync();
}
