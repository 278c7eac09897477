namespace NetKit.Tests.Chat;

/// <summary>The chat's page in real browsers.</summary>
public sealed class PageTests
{
    private const int Watchdog = 180_000;

    [Fact(Timeout = Watchdog)]
    public async Task Two_browsers_chat_one_is_killed_and_both_come_back_after_a_restart()
    {
        var chat = await RunningChat.StartAsync();
        try
        {
            await using var ada = await JoinAsync(chat, "Ada", 1200, 800);
            await using (var bob = await JoinAsync(chat, "Bob", 390, 844))
            {
                await SayAsync(ada, "Hello <b>Bob</b>");
                await bob.UntilAsync("[...document.querySelectorAll('#messages li')].some(item => item.innerText.includes('Hello <b>Bob</b>') && item.innerText.includes('Ada'))");
                await SayAsync(bob, "Hello Ada");
                await ada.UntilAsync("document.getElementById('messages').innerText.includes('Hello Ada')");
                await ada.UntilAsync("document.getElementById('count').textContent === '2 people'");
                await bob.UntilAsync("document.documentElement.scrollWidth <= 390"); // nothing sticks out of a phone

                var address = $"{chat.Address}";
                chat.Process.Terminate();
                Assert.Equal(0, await chat.Process.ExitAsync());
                await bob.UntilAsync("document.getElementById('state').textContent.startsWith('reconnecting')");
                await chat.DisposeAsync();
                chat = await RunningChat.StartAsync("--listen", address);
                await ada.UntilAsync("document.getElementById('state').textContent === 'connected'");
                await bob.UntilAsync("document.getElementById('state').textContent === 'connected'");
                await SayAsync(bob, "I am back");
                await ada.UntilAsync("document.getElementById('messages').innerText.includes('I am back')");
            }

            // Killed with its window.
            await ada.UntilAsync("document.getElementById('count').textContent === '1 person'");
        }
        finally
        {
            await chat.DisposeAsync();
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_session_that_is_over_can_be_begun_again_by_hand()
    {
        await using var chat = await RunningChat.StartAsync("--session", "2s", "--notice", "1s");
        await using var ada = await JoinAsync(chat, "Ada", 1200, 800);
        await ada.UntilAsync("document.getElementById('messages').innerText.includes('This session ends in 1 s.')");
        await ada.UntilAsync("!document.getElementById('again').hidden");
        await ada.RunAsync("document.querySelector('#again button').click()");
        await ada.UntilAsync("document.getElementById('state').textContent === 'connected'");
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_name_that_the_server_would_refuse_is_refused_by_the_page()
    {
        await using var chat = await RunningChat.StartAsync();
        await using var browser = await Browser.OpenAsync(chat.Http("/"), 390, 844);
        await browser.UntilAsync("document.getElementById('join').open");
        await browser.RunAsync("document.getElementById('name').value = '\\u202Eada'; document.querySelector('#join button').click()");
        await browser.UntilAsync("document.getElementById('join').open && document.getElementById('name').validity.patternMismatch");
        await browser.RunAsync("document.getElementById('name').value = '👩‍💻 Ada'; document.querySelector('#join button').click()");
        await browser.UntilAsync("document.getElementById('state').textContent === 'connected'");
        Assert.Equal(0, await chat.MetricAsync("websocket_errors_total"));
    }

    private static async Task<Browser> JoinAsync(RunningChat chat, string name, int width, int height)
    {
        var browser = await Browser.OpenAsync(chat.Http("/#garden"), width, height);
        await browser.UntilAsync("document.getElementById('join').open");
        await browser.RunAsync($"document.getElementById('name').value = '{name}'; document.querySelector('#join button').click()");
        await browser.UntilAsync("document.getElementById('state').textContent === 'connected'");
        return browser;
    }

    private static async Task SayAsync(Browser browser, string text) =>
        await browser.RunAsync($"document.getElementById('text').value = '{text}'; document.getElementById('talk').requestSubmit()");
}
