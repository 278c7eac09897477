namespace NetKit.Tests.Polling;

public sealed class PrefetchTests
{
    [Fact]
    public void A_hint_names_any_object_or_none_and_reaches_beyond_its_end_without_harm()
    {
        foreach (var target in new object?[] { null, new object(), new byte[1], new byte[1 << 20], "" })
        {
            Prefetch.At(target, lines: 100_000);
        }
    }
}
