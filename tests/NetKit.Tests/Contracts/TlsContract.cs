namespace NetKit.Tests;

public sealed class TlsContract : ConnectionContract
{
    protected override bool WritesSurviveATimeout => false;

    protected override async Task<ConnectedPair> ConnectAsync() => await Pairs.TlsAsync(await Pairs.TcpAsync());
}
