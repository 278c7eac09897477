namespace NetKit.Tests.Polling;

public sealed class LoopCursorTests
{
    [Fact]
    public void A_leader_keeps_its_term_however_many_batches_it_runs()
    {
        var first = LoopCursor.NextTerm(0);
        var last = LoopCursor.Polling(LoopCursor.NextTerm(first) - 1);
        var next = LoopCursor.NextBatch(last);
        Assert.Equal(LoopCursor.TermOf(first), LoopCursor.TermOf(last));
        Assert.Equal(LoopCursor.TermOf(first), LoopCursor.TermOf(next));
        Assert.Equal(0, LoopCursor.StepOf(next));
        Assert.False(LoopCursor.IsPolling(next));
    }

    [Fact]
    public void The_last_term_is_followed_by_another()
    {
        var next = LoopCursor.NextTerm(long.MaxValue);
        Assert.NotEqual(LoopCursor.TermOf(long.MaxValue), LoopCursor.TermOf(next));
        Assert.Equal(LoopCursor.TermOf(next), LoopCursor.TermOf(LoopCursor.NextBatch(next)));
    }

    [Fact]
    public void A_batch_ends_before_its_last_step_would_look_as_if_the_leader_waited()
    {
        var cursor = LoopCursor.NextBatch(LoopCursor.Start);
        while (LoopCursor.HasStepsLeft(cursor))
        {
            cursor = LoopCursor.NextStep(cursor);
            Assert.False(LoopCursor.IsPolling(cursor));
        }

        Assert.True(LoopCursor.IsPolling(LoopCursor.NextStep(cursor)));
        Assert.True(LoopCursor.IsPolling(LoopCursor.Start));
    }
}
