using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Errors;

public sealed class EndPointFormatTests
{
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1:80")]
    [InlineData("::1", "[::1]:80")]
    [InlineData("2001:db8::7", "[2001:db8::7]:80")]
    [InlineData("::", "[::]:80")]
    [InlineData("::ffff:192.0.2.9", "192.0.2.9:80")]
    public void Internet_addresses_are_written_as_people_type_them(string address, string expected) =>
        Assert.Equal(expected, ErrorSentence.Format(new IPEndPoint(IPAddress.Parse(address), 80)));

    [Fact]
    public void A_scope_is_kept() =>
        Assert.Equal("[fe80::1%3]:80", ErrorSentence.Format(new IPEndPoint(IPAddress.Parse("fe80::1%3"), 80)));

    [Theory]
    [InlineData(AddressFamily.Unspecified)]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_host_name_is_written_with_its_port_alone(AddressFamily family) =>
        Assert.Equal("example.org:443", ErrorSentence.Format(new DnsEndPoint("example.org", 443, family)));

    [Fact]
    public void A_unix_path_says_that_it_is_one() =>
        Assert.Equal("unix:/run/x.sock", ErrorSentence.Format(new UnixDomainSocketEndPoint("/run/x.sock")));

    [Fact]
    public void An_abstract_unix_name_begins_with_an_at_sign() =>
        Assert.Equal("unix:@netkit", ErrorSentence.Format(new UnixDomainSocketEndPoint("\0netkit")));

    [Fact]
    public void The_unnamed_end_of_a_unix_socket_is_called_unnamed()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint($"\0netkit-{Guid.NewGuid()}"));
        listener.Listen();
        socket.Connect(listener.LocalEndPoint!);
        using var accepted = listener.Accept();
        Assert.Equal("unix:unnamed", ErrorSentence.Format(accepted.RemoteEndPoint!));
    }

    [Fact]
    public void An_endpoint_of_another_kind_speaks_for_itself() =>
        Assert.Equal("memory:7", ErrorSentence.Format(new SpokenEndPoint("memory:7")));

    [Fact]
    public void An_endpoint_with_no_words_gives_its_kind() =>
        Assert.Equal(nameof(SpokenEndPoint), ErrorSentence.Format(new SpokenEndPoint(null)));

    private sealed class SpokenEndPoint(string? words) : EndPoint
    {
        public override string? ToString() => words;
    }
}
