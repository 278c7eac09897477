using System.Net;

namespace NetKit.Tests.Dialing;

public sealed class AddressOrderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("::a 10.0.0.1", "::a 10.0.0.1")]
    [InlineData("10.0.0.1 ::a", "10.0.0.1 ::a")]
    [InlineData("::a ::b ::c 10.0.0.1 10.0.0.2", "::a 10.0.0.1 ::b 10.0.0.2 ::c")]
    [InlineData("10.0.0.1 10.0.0.2 10.0.0.3 ::a", "10.0.0.1 ::a 10.0.0.2 10.0.0.3")]
    [InlineData("10.0.0.1 10.0.0.2 10.0.0.3", "10.0.0.1 10.0.0.2 10.0.0.3")]
    [InlineData("::a 10.0.0.1 10.0.0.2 10.0.0.3", "::a 10.0.0.1 10.0.0.2 10.0.0.3")]
    public void The_families_take_turns_and_the_first_address_s_comes_first(string resolved, string ordered) =>
        Assert.Equal(Parse(ordered), AddressOrder.Interleave(Parse(resolved)));

    [Fact]
    public void An_address_that_comes_again_is_left_out() =>
        Assert.Equal(Parse("10.0.0.1 10.0.0.2"), AddressOrder.Interleave([.. Enumerable.Repeat(Parse("10.0.0.1 10.0.0.2"), 1_000).SelectMany(each => each)]));

    [Theory]
    [InlineData("::ffff:192.0.2.9", "192.0.2.9")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("::", "::1")]
    [InlineData("::ffff:0.0.0.0", "127.0.0.1")]
    [InlineData("192.0.2.9", "192.0.2.9")]
    [InlineData("fe80::1%3", "fe80::1%3")]
    public void What_stands_for_another_address_becomes_that(string given, string dialed) =>
        Assert.Equal(IPAddress.Parse(dialed), AddressOrder.Plain(IPAddress.Parse(given)));

    private static IPAddress[] Parse(string list) => [.. list.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];
}
