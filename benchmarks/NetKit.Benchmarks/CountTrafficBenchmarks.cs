using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Counting the bytes of one read or write: the ways there are. One operation is one count.</summary>
[MemoryDiagnoser]
public sealed class CountTrafficBenchmarks : IDisposable
{
    private const int Counts = 1024;

    private readonly Meter _meter = new("CountTraffic");
    private readonly MeterListener _listener = new();
    private readonly Counter<long> _silent;
    private readonly Counter<long> _heard;
    private readonly KeyValuePair<string, object?> _tag = new("network.io.direction", "receive");
    private long _sum;

    public CountTrafficBenchmarks()
    {
        _silent = _meter.CreateCounter<long>("silent");
        _heard = _meter.CreateCounter<long>("heard");
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _sum, value));
        _listener.EnableMeasurementEvents(_heard);
        _listener.Start();
    }

    /// <summary>As NetKit does, with nobody listening.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Counts)]
    public void NobodyListens()
    {
        for (var count = 0; count < Counts; count++)
        {
            if (Traffic.IsCounted)
            {
                Traffic.AddReceived(64);
            }
        }
    }

    /// <summary>As NetKit does, with a listener.</summary>
    [Benchmark(OperationsPerInvoke = Counts)]
    public void AddedInACell()
    {
        for (var count = 0; count < Counts; count++)
        {
            Traffic.AddReceived(64);
        }
    }

    /// <summary>A counter that is told each time, with nobody listening.</summary>
    [Benchmark(OperationsPerInvoke = Counts)]
    public void CounterNobodyListensTo()
    {
        for (var count = 0; count < Counts; count++)
        {
            _silent.Add(64, _tag);
        }
    }

    /// <summary>A counter that is told each time, with a listener that adds.</summary>
    [Benchmark(OperationsPerInvoke = Counts)]
    public void CounterWithAListener()
    {
        for (var count = 0; count < Counts; count++)
        {
            _heard.Add(64, _tag);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }
}
