using System.Diagnostics;
using System.Net.Sockets;

namespace NetKit.Tests.Serving;

/// <summary>More clients than the process has descriptors: it must neither die nor spin, and must go on when some return.</summary>
[Collection(nameof(Alone))]
public sealed class DescriptorStarvationTests
{
    private const int Clients = 500;
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(2);

    // The runtime itself holds some 50 before the first client comes: two for each assembly it has loaded.
    [Theory]
    [InlineData(64, "")]
    [InlineData(64, "hostile")]
    [InlineData(128, "")]
    [InlineData(128, "hostile")]
    public async Task A_starved_server_stays_alive_and_idle_and_serves_again_when_descriptors_return(int descriptors, string mode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "prlimit and /proc are Linux's.");
        await using var server = await StarvedServer.StartAsync(descriptors, mode);
        var recoveries = new List<TimeSpan>();
        for (var round = 0; round < 2; round++)
        {
            using (var crowd = Crowd.Arrive(server.EndPoint, Clients))
            {
                await SettleAsync(crowd);
                Assert.True(server.IsAlive, $"The server died of {Clients} clients.");
                Assert.True(crowd.Served < Clients, "There were descriptors enough for everybody.");

                var load = await server.MeasureLoadAsync(s_window);
                Assert.True(server.IsAlive, "The server died while it was starved.");
                Assert.True(load < 0.1, $"The starved server used {load:P0} of a core.");
                Assert.True(crowd.Served > 0, "Not one client was served.");
                await crowd.AssertStillServed();
            }

            recoveries.Add(await MeasureNextClientAsync(server));
        }

        // One recovery in time shows that nothing has to be waited for; the others may have had a busy neighbour.
        Assert.True(recoveries.Min() < TimeSpan.FromSeconds(1), $"New clients were served after {string.Join(", ", recoveries)}");
        var (exitCode, lastWords) = await server.StopAsync();
        Assert.Equal(0, exitCode);
        Assert.StartsWith("DrainResult", lastWords, StringComparison.Ordinal);
    }

    /// <summary>Waits until nobody else is served or turned away for a while.</summary>
    private static async Task SettleAsync(Crowd crowd)
    {
        var start = Stopwatch.GetTimestamp();
        var changed = start;
        var last = 0;
        while (Stopwatch.GetElapsedTime(changed) < TimeSpan.FromSeconds(0.5) && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
            var now = crowd.Served + crowd.TurnedAway;
            if (now != last)
            {
                (last, changed) = (now, Stopwatch.GetTimestamp());
            }
        }
    }

    private static async Task<TimeSpan> MeasureNextClientAsync(StarvedServer server)
    {
        var start = Stopwatch.GetTimestamp();
        await Eventually.True(
            () =>
            {
                Assert.True(server.IsAlive, "The server died when its clients left.");
                using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 5_000 };
                try
                {
                    client.Connect(server.EndPoint);
                    client.Send("x"u8);
                    return client.Receive(new byte[1]) == 1;
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            "a new client is served");
        return Stopwatch.GetElapsedTime(start);
    }
}
