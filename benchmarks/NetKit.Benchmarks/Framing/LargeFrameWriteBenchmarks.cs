using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Frames of 16 KB.</summary>
public class LargeFrameWriteBenchmarks() : FrameWriteBenchmarks(16384, Frames)
{
    private const int Frames = 16;

    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public Task<int> PipeWriterByHand() => WritePipeAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> StreamHeaderThenFrame() => WriteStreamTwiceAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameWriter() => WriteFramesAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameWriterSixteenTogether() => WriteFramesTogetherAsync();
}
