using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Dialing;

/// <summary>Lets a dial against a scripted network run on a fake clock, and checks what happens when.</summary>
/// <remarks>
/// The story is told in instants: "250:2" says that at 250 ms the second attempt begins, "280:ok" that the dial has its connection,
/// "280:no" that it has failed. Nothing happens before.
/// </remarks>
internal static class DialStory
{
    public static async Task Play(FakeTimeProvider time, string story, ScriptedConnector network, Task<Connection> dial, string events)
    {
        var now = 0;
        var begun = 0;
        foreach (var word in events.Split(' '))
        {
            var (at, what) = (int.Parse(word.Split(':')[0], CultureInfo.InvariantCulture), word.Split(':')[1]);
            if (at > now)
            {
                // A race lost here would only hide a start that comes too early: the plan's own tests see those.
                time.Advance(TimeSpan.FromMilliseconds(at - now) - TimeSpan.FromTicks(1));
                Assert.Equal(begun, network.Starts.Count);
                Assert.False(dial.IsCompleted, $"{story}: ended before {word}");
                time.Advance(TimeSpan.FromTicks(1));
                now = at;
            }

            if (what is "ok" or "no")
            {
                await Task.WhenAny(dial).Within();
                Assert.True(dial.IsCompletedSuccessfully == (what == "ok"), $"{story}: {dial.Exception?.InnerException?.Message ?? "connected"}");
            }
            else
            {
                begun = int.Parse(what, CultureInfo.InvariantCulture);
                await Eventually.Equal(begun, () => network.Starts.Count);
                Assert.Equal(at, network.Starts.Last());
            }
        }

        Assert.Equal(begun, network.Starts.Count);
    }
}
