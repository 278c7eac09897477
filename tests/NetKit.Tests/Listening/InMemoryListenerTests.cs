using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Listening;

public sealed class InMemoryListenerTests
{
    [Fact]
    public async Task Its_dialer_reaches_it_and_nothing_else()
    {
        await using var listener = ConnectionListener.CreateInMemory(out var dialer);
        await using var other = ConnectionListener.CreateInMemory(out _);
        foreach (var endPoint in new[] { other.LocalEndPoint, new IPEndPoint(IPAddress.Loopback, 80) })
        {
            var exception = await Record.ExceptionAsync(() => dialer.DialAsync(endPoint, TestContext.Current.CancellationToken).Within());
            Assert.Equal(endPoint, WellFormed.Assert(exception, ConnectionError.Refused, "dial").RemoteEndPoint);
        }

        await using var client = await dialer.DialAsync(listener.LocalEndPoint, TestContext.Current.CancellationToken).Within();
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        await Talk.AssertBothWays(client, server);
    }

    [Fact]
    public async Task Both_ends_know_the_listener_s_endpoint()
    {
        await using var listener = ConnectionListener.CreateInMemory(out var dialer);
        await using var client = await dialer.DialAsync(listener.LocalEndPoint, TestContext.Current.CancellationToken).Within();
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        Assert.Equal(listener.LocalEndPoint, client.RemoteEndPoint);
        Assert.Equal(listener.LocalEndPoint, server.LocalEndPoint);
        Assert.Equal(client.LocalEndPoint, server.RemoteEndPoint);
        Assert.NotEqual(client.LocalEndPoint, client.RemoteEndPoint);
    }

    [Fact]
    public async Task Its_connections_run_on_the_clock_that_was_given()
    {
        var time = new FakeTimeProvider();
        await using var listener = ConnectionListener.CreateInMemory(out var dialer, time);
        await using var client = await dialer.DialAsync(listener.LocalEndPoint, TestContext.Current.CancellationToken).Within();
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        foreach (var connection in new[] { client, server })
        {
            connection.ReadTimeout = 5_000;
            var read = connection.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask();
            time.Advance(TimeSpan.FromMilliseconds(4_999));
            Assert.False(read.IsCompleted);
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Assert.ThrowsAsync<DeadlineExceededException>(() => read.Within());
        }
    }

    [Fact]
    public async Task A_dial_whose_token_was_cancelled_before_brings_nobody()
    {
        await using var listener = ConnectionListener.CreateInMemory(out var dialer);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => dialer.DialAsync(listener.LocalEndPoint, new CancellationToken(canceled: true)).Within());

        await using var client = await dialer.DialAsync(listener.LocalEndPoint, TestContext.Current.CancellationToken).Within();
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        await Talk.AssertBothWays(client, server);
    }

    [Fact]
    public async Task A_full_backlog_makes_dials_wait_and_a_cancelled_one_brings_nobody()
    {
        await using var listener = ConnectionListener.CreateInMemory(out var dialer);
        using var source = new CancellationTokenSource();
        var dialed = new List<Connection>();
        Task<Connection> waiting;
        while ((waiting = dialer.DialAsync(listener.LocalEndPoint, source.Token).AsTask()).IsCompleted)
        {
            dialed.Add(await waiting);
            Assert.True(dialed.Count < 100_000, "The backlog has no bound.");
        }

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Within());

        foreach (var client in dialed)
        {
            await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
            Assert.Equal(client.LocalEndPoint, server.RemoteEndPoint);
        }

        var nobody = listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(nobody.IsCompleted);
        await listener.DisposeAsync();
        await Assert.ThrowsAsync<ConnectionException>(() => nobody.Within());
    }

    [Fact]
    public async Task A_dial_needs_an_endpoint()
    {
        await using var listener = ConnectionListener.CreateInMemory(out var dialer);
        await Assert.ThrowsAsync<ArgumentNullException>(
            () => dialer.DialAsync(null!, TestContext.Current.CancellationToken).AsTask());
    }
}
