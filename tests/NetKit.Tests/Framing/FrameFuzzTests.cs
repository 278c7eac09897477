using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;

namespace NetKit.Tests.Framing;

/// <summary>Reads what no honest peer sends. NETKIT_FUZZ_SECONDS sets for how long, NETKIT_FUZZ_SEED where to begin.</summary>
public sealed class FrameFuzzTests
{
    // What an exception and its sentence cost, and a reader, and the first buffers.
    private const int Allowance = 64 * 1024;

    private static readonly TimeSpan s_time =
        TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("NETKIT_FUZZ_SECONDS") ?? "5", CultureInfo.InvariantCulture));

    private static readonly int s_seed = int.Parse(Environment.GetEnvironmentVariable("NETKIT_FUZZ_SEED") ?? "0", CultureInfo.InvariantCulture);

    private static readonly int[] s_limits = [0, 1, 20, 4096, FrameFormat.DefaultMaxFrameSize, int.MaxValue];

    [Fact]
    public Task Whatever_a_peer_sends_costs_no_more_memory_than_it_sent_ends_and_fails_in_the_one_documented_way() => Waiting.OnThread(() =>
    {
        var started = Stopwatch.GetTimestamp();
        var seed = s_seed;
        do
        {
            // What was made once, such as a pool's buffers, is not needed again.
            if (!IsCheap(seed, out _) && !IsCheap(seed, out var allocated))
            {
                Assert.Fail($"Seed {seed}: {allocated} bytes allocated.");
            }

            seed++;
        }
        while (Stopwatch.GetElapsedTime(started) < s_time);

        TestContext.Current.TestOutputHelper?.WriteLine($"{seed - s_seed} streams, seeds {s_seed} to {seed - 1}.");
    });

    private static bool IsCheap(int seed, out long allocated)
    {
        var noise = new Noise("fuzz", seed);
        var name = FrameCases.Names[noise.Below(FrameCases.Names.Length)];
        var limit = s_limits[noise.Below(s_limits.Length)];
        var wire = HostileBytes(name, noise);
        var (expected, isCleanEnd) = NaiveFrames.Of(name, wire, FrameCases.Format(name, limit).MaxFrameSize);

        using var reader = new FrameReader(
            PipeReader.Create(new PiecewiseStream(wire, noise), new StreamPipeReaderOptions(useZeroByteReads: true)), FrameCases.Format(name, limit));
        allocated = 0;
        var count = 0;
        ConnectionException? failure;
        while (Read(reader, ref allocated, out failure) is { } frame)
        {
            if (count == expected.Count || !frame.ToArray().AsSpan().SequenceEqual(expected[count++]))
            {
                Assert.Fail($"Seed {seed}: frame {count} of {name} is not as it was sent.");
            }
        }

        if (count != expected.Count || isCleanEnd != (failure is null))
        {
            Assert.Fail($"Seed {seed}: {count} frames of {name}, and not {expected.Count}; then {failure?.ToString() ?? "the end"}.");
        }

        return allocated <= Allowance + (4 * wire.Length);
    }

    private static ReadOnlySequence<byte>? Read(FrameReader reader, ref long allocated, out ConnectionException? failure)
    {
        failure = null;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = reader.ReadAsync().AsTask();
        allocated += GC.GetAllocatedBytesForCurrentThread() - before;

        // The stream never waits; so a read that does waits for nothing.
        Assert.True(read.IsCompleted, "A read hangs.");
        if (!read.IsFaulted)
        {
            return read.GetAwaiter().GetResult();
        }

        failure = Assert.IsType<ConnectionException>(read.Exception.InnerException);
        Fails.AssertWellFormed(failure);
        Assert.Equal(ConnectionError.ProtocolViolation, failure.Error);
        return null;
    }

    private static byte[] HostileBytes(string name, Noise noise)
    {
        var bytes = new List<byte>();
        for (var parts = noise.Below(6); parts >= 0; parts--)
        {
            switch (noise.Below(8))
            {
                case 0:
                    bytes.AddRange(Enumerable.Repeat((byte)0xFF, noise.Below(12)));
                    break;
                case 1:
                    bytes.AddRange(Enumerable.Repeat((byte)0x80, noise.Below(12)));
                    break;
                case 2:
                    bytes.AddRange(new byte[noise.Below(12)]);
                    break;
                case 3:
                    bytes.AddRange("aba\r\n\r\r\nabababa\n"u8[noise.Below(15)..]);
                    break;
                case 4:
                    bytes.Add((byte)noise.Below(256));
                    break;
                default:
                    var frame = FrameCases.Fit(name, noise.Next().Span);
                    bytes.AddRange(FrameCases.OnTheWire(name, frame));
                    break;
            }
        }

        var wire = bytes.ToArray();
        for (var flips = noise.Below(3); flips > 0 && wire.Length > 0; flips--)
        {
            wire[noise.Below(wire.Length)] = (byte)noise.Below(256);
        }

        return wire;
    }

    /// <summary>Gives its bytes in pieces of random length, at once.</summary>
    private sealed class PiecewiseStream(byte[] bytes, Noise noise) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span[..Math.Min(buffer.Length, 1 + noise.Below(noise.Below(2) == 0 ? 4 : 5000))]));
    }
}
