using System.Net.Sockets;

namespace NetKit.Tests.Connections;

/// <summary>A socket is disposed by whoever gave it away: not allowed, and no reason to write to a stranger.</summary>
[Collection(nameof(Alone))]
public sealed class LostSocketTests
{
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_whose_socket_was_disposed_uses_no_other_that_has_its_number_now()
    {
        using var pair = SocketPair.Tcp();
        await using var connection = Connection.FromSocket(pair.First);
        var number = pair.First.Handle;
        pair.First.Dispose();
        using var stranger = TakeNumber(number);
        foreach (var operation in new Func<Task>[]
        {
            () => connection.WriteAsync(new byte[1], TestContext.Current.CancellationToken).AsTask(),
            () => connection.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask(),
            () => connection.CompleteWritesAsync(TestContext.Current.CancellationToken).AsTask(),
        })
        {
            var failure = await Assert.ThrowsAsync<ConnectionException>(() => operation().Within());
            Assert.Equal(ConnectionError.Closed, failure.Error);
        }

        connection.Abort();
        stranger.First.Send([1]);
        stranger.Second.Send([2]);
        var buffer = new byte[2];
        Assert.Equal(1, stranger.First.Receive(buffer));
        Assert.Equal(2, buffer[0]);
        Assert.Equal(1, stranger.Second.Receive(buffer));
        Assert.Equal(1, buffer[0]);
    }

    private static SocketPair TakeNumber(nint number)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            // The system gives the lowest number that is free. Others stay open, so as not to come again.
            var pair = SocketPair.Tcp();
            if (pair.First.Handle == number || pair.Second.Handle == number || !OperatingSystem.IsLinux())
            {
                return pair;
            }
        }

        Assert.Skip("Somebody else took the number first.");
        return null!;
    }
}
