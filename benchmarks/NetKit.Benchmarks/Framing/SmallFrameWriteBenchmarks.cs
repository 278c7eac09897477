using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Frames of 64 B.</summary>
public class SmallFrameWriteBenchmarks() : FrameWriteBenchmarks(64, Frames)
{
    private const int Frames = 256;

    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public Task<int> PipeWriterByHand() => WritePipeAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> StreamHeaderThenFrame() => WriteStreamTwiceAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameWriter() => WriteFramesAsync();

    [Benchmark(OperationsPerInvoke = Frames)]
    public Task<int> FrameWriterSixteenTogether() => WriteFramesTogetherAsync();
}
