using System.Buffers;
using System.Globalization;

namespace NetKit.Tests.Framing;

/// <summary>Random frames in every format, split at random byte boundaries on their way. NETKIT_FRAMES sets how many of each.</summary>
public sealed class FrameRoundTripTests
{
    private static readonly int s_frames =
        int.Parse(Environment.GetEnvironmentVariable("NETKIT_FRAMES") ?? "3000", CultureInfo.InvariantCulture);

    [Theory]
    [MemberData(nameof(FrameCases.All), MemberType = typeof(FrameCases))]
    public Task Frames_survive_any_splitting_in_memory(string name) =>
        RoundTripAsync(name, static () => Task.FromResult(Pairs.Memory()));

    [Theory]
    [MemberData(nameof(FrameCases.All), MemberType = typeof(FrameCases))]
    public Task Frames_survive_any_splitting_on_tcp(string name) => RoundTripAsync(name, Pairs.TcpAsync);

    [Theory]
    [InlineData("4 big")]
    [InlineData("line end")]
    public Task Frames_survive_any_splitting_on_tls(string name) =>
        RoundTripAsync(name, static async () => await Pairs.TlsAsync(await Pairs.TcpAsync()));

    // Writer -> splitter -> reader.
    private static async Task RoundTripAsync(string name, Func<Task<ConnectedPair>> connectAsync)
    {
        await using var before = await connectAsync();
        await using var after = await connectAsync();
        var writing = WriteAsync(name, before.First);
        var splitting = SplitAsync(before.Second, after.First);

        using var reader = new FrameReader(after.Second, FrameCases.Format(name)) { FrameTimeout = TimeSpan.FromMinutes(10) };
        var noise = new Noise(name, seed: 1);
        var count = 0;
        await foreach (var frame in reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (!IsEqual(frame, noise.Next().Span))
            {
                Assert.Fail($"Frame {count} is not what was sent.");
            }

            count++;
        }

        await Task.WhenAll(writing, splitting);
        Assert.Equal(s_frames, count);
    }

    private static async Task WriteAsync(string name, Connection connection)
    {
        var writer = new FrameWriter(connection, FrameCases.Format(name));
        var noise = new Noise(name, seed: 1);
        var choice = new Noise(name, seed: 2);
        for (var left = s_frames; left > 0;)
        {
            // One by one, in parts, or several as one.
            switch (choice.Below(3))
            {
                case 0:
                    await writer.WriteAsync(noise.Next());
                    left--;
                    break;
                case 1:
                    await writer.WriteAsync(Sequences.Cut(noise.Next(), 1 + choice.Below(5)));
                    left--;
                    break;
                default:
                    var frames = new ReadOnlyMemory<byte>[Math.Min(left, 1 + choice.Below(20))];
                    for (var i = 0; i < frames.Length; i++)
                    {
                        frames[i] = noise.Next().ToArray();
                    }

                    await writer.WriteAsync(frames);
                    left -= frames.Length;
                    break;
            }
        }

        await connection.CompleteWritesAsync();
    }

    private static async Task SplitAsync(Connection from, Connection to)
    {
        var noise = new Noise("splitter", seed: 3);
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer)) > 0)
        {
            for (var sent = 0; sent < count;)
            {
                // Some byte by byte, most in pieces of a frame or two, some in one.
                var most = noise.Below(10) switch
                {
                    0 => 2,
                    1 => 20_000,
                    _ => 1000,
                };
                var piece = Math.Min(count - sent, 1 + noise.Below(most));
                await to.WriteAsync(buffer.AsMemory(sent, piece));
                sent += piece;
            }
        }

        await to.CompleteWritesAsync();
    }

    private static bool IsEqual(ReadOnlySequence<byte> frame, ReadOnlySpan<byte> expected)
    {
        if (frame.Length != expected.Length)
        {
            return false;
        }

        foreach (var part in frame)
        {
            if (!part.Span.SequenceEqual(expected[..part.Length]))
            {
                return false;
            }

            expected = expected[part.Length..];
        }

        return true;
    }
}
