using CsCheck;

namespace NetKit.Tests.Broadcasting;

/// <summary>The queue of a subscription against one of the framework.</summary>
public sealed class ItemQueueTests
{
    [Fact]
    public void It_does_what_a_bounded_queue_does() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 99].Array[0, 400]).Sample(static (capacity, steps) =>
        {
            var queue = new ItemQueue<object>(capacity);
            var model = new Queue<object>();
            foreach (var step in steps)
            {
                switch (step)
                {
                    case 0:
                        queue.Clear();
                        model.Clear();
                        break;
                    case < 60:
                        var item = new object();
                        Assert.Equal(model.Count < capacity, queue.TryEnqueue(item));
                        if (model.Count < capacity)
                        {
                            model.Enqueue(item);
                        }

                        break;
                    default:
                        if (model.Count > 0)
                        {
                            Assert.Same(model.Dequeue(), queue.Dequeue());
                        }

                        break;
                }

                Assert.Equal(model.Count, queue.Count);
            }
        });
}
