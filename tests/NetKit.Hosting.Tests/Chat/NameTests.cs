namespace NetKit.Tests.Chat;

/// <summary>What people and rooms may be called.</summary>
public sealed class NameTests : IAsyncLifetime
{
    private const int Watchdog = 120_000;

    private RunningChat _chat = null!;

    public async ValueTask InitializeAsync() => _chat = await RunningChat.StartAsync();

    public ValueTask DisposeAsync() => _chat.DisposeAsync();

    [Theory(Timeout = Watchdog)]
    [InlineData("Ada 😀")]
    [InlineData("👩‍💻")]
    [InlineData("אדה لوفلايس")]
    [InlineData("می‌خواهم")]
    [InlineData("<b>&\"'")]
    [InlineData("12345678901234567890123456789012")]
    public async Task A_person_may_be_called_as_people_are(string name)
    {
        using var client = await _chat.JoinAsync(name);
        await client.SayAsync("hi");
        Assert.Equal($"{name}: hi", await client.HearMessageAsync());
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("name=%20")]
    [InlineData("name=A%0Ada")]
    [InlineData("name=A%00da")]
    [InlineData("name=%E2%80%AEadA")] // written from right to left, by an override
    [InlineData("name=123456789012345678901234567890123")]
    [InlineData("room=Lobby")]
    [InlineData("room=lobby%0A")]
    [InlineData("room=lobby%00")]
    [InlineData("room=123456789012345678901234567890123")]
    public async Task What_would_deceive_or_break_a_line_is_no_name(string query)
    {
        using var client = await _chat.ConnectAsync();
        await client.SendAsync(RawClient.Handshake(path: $"/ws?{query}"));
        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }
}
