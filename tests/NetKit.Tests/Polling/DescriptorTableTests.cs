namespace NetKit.Tests.Polling;

public sealed class DescriptorTableTests
{
    private readonly DescriptorTable _table = new();

    public DescriptorTableTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact]
    public void A_descriptor_is_found_by_its_key()
    {
        var descriptors = Enumerable.Range(0, 3_000).Select(_ => Make()).ToArray();
        var keys = descriptors.Select(descriptor => _table.KeyOf(_table.Add(descriptor))).ToArray();
        Assert.Equal(descriptors, keys.Select(_table.Find));
    }

    [Fact]
    public void A_key_finds_nothing_once_the_descriptor_is_gone_nor_what_comes_in_its_place()
    {
        var place = _table.Add(Make());
        var key = _table.KeyOf(place);
        _table.Remove(place);
        Assert.Null(_table.Find(key));

        var next = Make();
        Assert.Equal(place, _table.Add(next));
        Assert.Null(_table.Find(key));
        Assert.Same(next, _table.Find(_table.KeyOf(place)));
    }

    private static PolledDescriptor Make() => new(NetPoller.NextLoop(), descriptor: -1, owner: null, shortReadTellsNothing: false);
}
