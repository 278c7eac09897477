using System.Buffers;
using System.IO.Pipelines;
using CsCheck;

namespace NetKit.Tests.Connections;

/// <summary>Any order of reads, flushes and sends: what arrives is what was flushed, and nothing is held that nobody is bound to send.</summary>
public sealed class HeldFlushModelTests
{
    private const int KindsOfStep = 7;

    [Fact]
    public void What_is_flushed_arrives_in_order_and_nothing_is_held_without_somebody_bound_to_send_it() =>
        Gen.Select(Gen.Int[0, KindsOfStep - 1], Gen.Int[0, 1_000]).Array[1, 80].Sample(Run, iter: 2_000);

    private static void Run((int Kind, int Size)[] steps)
    {
        var model = new Model();
        foreach (var (kind, size) in steps)
        {
            switch (kind)
            {
                case 0: model.PeerSends(1 + (size / 10)); break;
                case 1: model.Read(); break;
                case 2: model.Advance(size); break;
                case 3: model.Write(size % 200); model.Flush(); break;
                case 4: model.Write(size * 40); model.Flush(); break;
                case 5: model.Write(size); break;
                default: model.RunScheduled(); break;
            }

            model.Check();
        }

        model.Complete(fails: steps.Length % 2 == 0);
    }

    private sealed class Model
    {
        private readonly Connection _own;
        private readonly Connection _peer;
        private readonly GatheringPipe _pipe;
        private readonly byte[] _buffer = new byte[64 * 1024];
        private Task<ReadResult>? _reading;
        private ReadOnlySequence<byte>? _shown;
        private int _unread;
        private int _written;
        private int _flushed;
        private int _arrived;

        public Model()
        {
            (_own, _peer) = Connection.CreatePair();
            _pipe = new GatheringPipe(_own, byHand: true);
        }

        private long Held => _flushed - _own.Sent;

        public void PeerSends(int count)
        {
            if (_unread > 20_000)
            {
                return;
            }

            _unread += count;
            EndNow(_peer.WriteAsync(_buffer.AsMemory(0, count)).AsTask());
            if (_reading is { } reading)
            {
                _reading = null;
                Assert.True(reading.Wait(Eventually.Bound), "Nobody told the reader.");
                _shown = reading.Result.Buffer;
            }
        }

        public void Read()
        {
            if (_reading is not null || _shown is not null)
            {
                return;
            }

            var reading = _pipe.Input.ReadAsync();
            if (reading.IsCompleted)
            {
                _shown = reading.Result.Buffer;
            }
            else
            {
                _reading = reading.AsTask();
                Assert.Equal(0, Held);
            }
        }

        public void Advance(int size)
        {
            if (_shown is not { } shown)
            {
                return;
            }

            var examined = shown.Length * (size % 11) / 10;
            examined = Math.Min(examined, shown.Length);
            var consumed = examined * (size % 4) / 3;
            _pipe.Input.AdvanceTo(shown.GetPosition(consumed), shown.GetPosition(examined));
            _unread -= (int)consumed;
            _shown = null;
        }

        public void Write(int count)
        {
            if (_written + count - _arrived > 60_000)
            {
                return;
            }

            while (count > 0)
            {
                var span = _pipe.Output.GetSpan(1);
                var length = Math.Min(span.Length, count);
                for (var offset = 0; offset < length; offset++)
                {
                    span[offset] = ByteAt(_written++);
                }

                _pipe.Output.Advance(length);
                count -= length;
            }
        }

        public void Flush()
        {
            var mayHold = _pipe.HasUnread;
            _flushed = _written;
            var flush = _pipe.Output.FlushAsync().AsTask();
            Assert.True(flush.IsCompletedSuccessfully);
            Assert.False(flush.Result.IsCanceled);
            Assert.Equal(0, _pipe.Output.UnflushedBytes);
            if (!mayHold)
            {
                Assert.Equal(0, Held);
            }
        }

        public void RunScheduled()
        {
            _pipe.RunScheduled();
            Assert.Equal(0, Held);
        }

        public void Check()
        {
            Assert.InRange(Held, 0, PendingFlush.MostHeld);
            Assert.InRange(_pipe.Scheduled, Held > 0 ? 1 : 0, 1);
            Drain();
        }

        public void Complete(bool fails)
        {
            _pipe.Output.Complete(fails ? new InvalidOperationException("no more") : null);
            Drain();
            Assert.Equal(fails ? _flushed : _written, _arrived);

            // Finds nothing left to do.
            _pipe.RunScheduled();
            Drain();
            Assert.Equal(fails ? _flushed : _written, _arrived);
            _own.Dispose();
            _peer.Dispose();
        }

        private void Drain()
        {
            while (_arrived < (int)_own.Sent)
            {
                var read = _peer.ReadAsync(_buffer.AsMemory()).AsTask();
                EndNow(read);
                foreach (var value in _buffer.AsSpan(0, read.Result))
                {
                    Assert.Equal(ByteAt(_arrived++), value);
                }
            }
        }

        private static byte ByteAt(int index) => (byte)((index * 7919) >> 3);

        private static void EndNow(Task operation) => Assert.True(operation.IsCompletedSuccessfully, "There was no reason to wait.");
    }
}
