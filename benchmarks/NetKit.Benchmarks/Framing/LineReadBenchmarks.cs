using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Lines of 64 B, 512 in one send.</summary>
public class LineReadBenchmarks : ReadBenchmarks
{
    private const int Lines = 512;
    private const int LineSize = 64;

    private readonly StreamReader _streamReader;

    public LineReadBenchmarks()
        : base(
            Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', LineSize - 1) + "\n", Lines))),
            Lines,
            FrameFormat.Delimiter("\n"u8)) => _streamReader = new StreamReader(Stream);

    [Benchmark(Baseline = true, OperationsPerInvoke = Lines)]
    public async Task<int> StreamReaderReadLine()
    {
        var sending = SendToStreamAsync();
        var sum = 0;
        for (var line = 0; line < Lines; line++)
        {
            sum += (await _streamReader.ReadLineAsync())!.Length;
        }

        return sum + await sending;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<int> PipeReaderByHand()
    {
        var sending = SendToPipeAsync();
        var sum = 0;
        for (var line = 0; line < Lines;)
        {
            var result = await Pipe.ReadAsync();
            var rest = result.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                sum += (int)rest.Slice(0, end).Length;
                rest = rest.Slice(rest.GetPosition(1, end));
                line++;
            }

            Pipe.AdvanceTo(rest.Start, rest.End);
        }

        return sum + await sending;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public Task<int> FrameReader() => ReadFramesAsync();

    [Benchmark(OperationsPerInvoke = Lines)]
    public Task<int> FrameReaderTryRead() => ReadFramesTogetherAsync();
}
