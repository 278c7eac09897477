using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Framing;

public sealed class FrameDeadlineTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_peer_that_sends_a_byte_a_second_is_cut_off_when_the_frames_time_is_over()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1)) { FrameTimeout = 5 * s_second };
        pair.Second.ReadTimeout = 60_000; // no help against this one

        var read = reader.ReadAsync().AsTask();
        var bytes = 0;
        for (; bytes < 5; bytes++)
        {
            Assert.False(read.IsCompleted);
            await pair.First.WriteAsync(new byte[] { 100 });
            await Eventually.True(() => read.IsCompleted || HasTaken(pair.Second), "the byte was not read");
            time.Advance(s_second);
        }

        var exception = await Fails.AtDeadline(read.Within());
        Assert.Contains("a frame was not whole 5 s after it had begun (FrameReader.FrameTimeout)", exception.Message, StringComparison.Ordinal);
        Assert.Equal("read", exception.Operation);
    }

    [Fact]
    public async Task A_frame_whose_time_is_over_can_be_read_on_with_nothing_lost()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix()) { FrameTimeout = s_second };
        byte[] wire = [0, 0, 0, 3, 7, 8, 9];
        foreach (var part in wire[..^1])
        {
            await pair.First.WriteAsync(new[] { part });
            var read = reader.ReadAsync().AsTask();
            Assert.False(read.IsCompleted);
            time.Advance(s_second);
            await Fails.AtDeadline(read.Within());
        }

        await pair.First.WriteAsync(wire.AsMemory(wire.Length - 1));
        Assert.Equal([7, 8, 9], (await reader.ReadAsync().AsTask().Within())!.Value.ToArray());
        var idle = reader.ReadAsync().AsTask();
        time.Advance(100 * s_second);
        await Waiting.StillWaits(idle);
        await pair.First.WriteAsync(new byte[] { 0, 0, 0, 0 });
        Assert.Equal(0, (await idle.Within())?.Length);
    }

    [Fact]
    public async Task How_long_to_wait_for_a_frame_to_begin_is_the_connections_deadline_which_stays_as_it_was_set()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1)) { FrameTimeout = s_second };
        var deadline = Deadline.After(10 * s_second, time);
        pair.Second.ReadDeadline = deadline;

        var read = reader.ReadAsync().AsTask();
        time.Advance(9 * s_second);
        await Waiting.StillWaits(read);
        await pair.First.WriteAsync(new byte[] { 2, 7 });
        await Eventually.True(() => HasTaken(pair.Second), "the bytes were not read");
        time.Advance(s_second);
        await Fails.AtDeadline(read.Within());
        Assert.Equal(deadline, pair.Second.ReadDeadline);
        await Fails.AtDeadline(reader.ReadAsync().AsTask().Within());

        pair.Second.ReadDeadline = Deadline.None;
        await pair.First.WriteAsync(new byte[] { 8 });
        Assert.Equal([7, 8], (await reader.ReadAsync().AsTask().Within())!.Value.ToArray());
    }

    [Fact]
    public async Task A_token_does_not_give_the_frame_more_time()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1)) { FrameTimeout = s_second };
        await pair.First.WriteAsync(new byte[] { 2, 7 });
        using var source = new CancellationTokenSource();
        var read = reader.ReadAsync(source.Token).AsTask();
        await Eventually.True(() => HasTaken(pair.Second), "the bytes were not read");
        await source.CancelAsync();
        await Fails.ByToken(read, source.Token);
        time.Advance(s_second);
        await Fails.AtDeadline(reader.ReadAsync().AsTask().Within());
        await pair.First.WriteAsync(new byte[] { 8 });
        Assert.Equal([7, 8], (await reader.ReadAsync().AsTask().Within())!.Value.ToArray());
    }

    [Fact]
    public async Task The_clock_of_a_pipe_is_the_one_given_and_a_whole_frame_beats_it()
    {
        var time = new FakeTimeProvider();
        var pipe = new Pipe();
        using var reader = new FrameReader(pipe.Reader, FrameFormat.LengthPrefix(1), time) { FrameTimeout = s_second };
        for (var i = 0; i < 3; i++)
        {
            await pipe.Writer.WriteAsync(new byte[] { 2, 7 });
            var read = reader.ReadAsync().AsTask();
            Assert.False(read.IsCompleted);
            time.Advance(s_second);
            await Fails.AtDeadline(read.Within());

            read = reader.ReadAsync().AsTask();
            await pipe.Writer.WriteAsync(new byte[] { 8 });
            time.Advance(s_second);
            Assert.Equal([7, 8], (await read.Within())!.Value.ToArray());
        }
    }

    [Fact]
    public async Task The_last_byte_and_the_deadline_at_the_same_moment_leave_a_frame_or_a_timeout_and_never_a_lost_byte()
    {
        await using var pair = await Pairs.TcpAsync();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1)) { FrameTimeout = TimeSpan.FromMilliseconds(1) };
        var timeouts = 0;
        for (var i = 0; i < 300; i++)
        {
            var read = reader.ReadAsync().AsTask();
            await pair.First.WriteAsync(new byte[] { 2, (byte)i });
            var last = Task.Run(async () =>
            {
                await Task.Delay(i % 3);
                await pair.First.WriteAsync(new byte[] { (byte)(i >> 8) });
            });
            while (true)
            {
                try
                {
                    Assert.Equal([(byte)i, (byte)(i >> 8)], (await read.Within())!.Value.ToArray());
                    break;
                }
                catch (DeadlineExceededException)
                {
                    timeouts++;
                    read = reader.ReadAsync().AsTask();
                }
            }

            await last;
        }

        Assert.InRange(timeouts, 1, int.MaxValue);
    }

    [Fact]
    public void A_time_that_makes_no_sense_is_refused()
    {
        using var reader = new FrameReader(new Pipe().Reader, FrameFormat.LengthPrefix());
        Assert.Equal(Timeout.InfiniteTimeSpan, reader.FrameTimeout);
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.FrameTimeout = TimeSpan.Zero);
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.FrameTimeout = TimeSpan.FromSeconds(-1));
        reader.FrameTimeout = s_second;
        Assert.Equal(s_second, reader.FrameTimeout);
        reader.FrameTimeout = Timeout.InfiniteTimeSpan;
    }

    // A write to memory takes the reader that waits at once. So when it waits, it waits again, and its clock runs.
    private static bool HasTaken(Connection connection) => connection.Reading.Waiting is not null;
}
