using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace NetKit.Tests;

/// <summary>Uses a pool in the network that a test has made around this process, while the network stops to carry anything, and prints what came of it.</summary>
internal static class Silence
{
    private static readonly TimeSpan s_detection = TimeSpan.FromSeconds(1);

    /// <summary>Prints "(how) (milliseconds) (error) (connections dialed)" for an exchange that the user timeout ends, and for one that keep-alive ends.</summary>
    /// <remarks>Where the system cannot drop packets it prints "skip" and why.</remarks>
    public static async Task RunAsync()
    {
        try
        {
            await DropAllAsync(true);
            await DropAllAsync(false);
        }
        catch (Exception exception)
        {
            Console.WriteLine($"skip {exception.Message}");
            return;
        }

        await RunAsync("user-timeout", new SocketOptions { UserTimeout = s_detection }, asks: true);
        await RunAsync("keep-alive", new SocketOptions { KeepAliveTime = s_detection, KeepAliveInterval = s_detection, KeepAliveRetryCount = 1 }, asks: false);
    }

    private static async Task RunAsync(string name, SocketOptions options, bool asks)
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var pool = new ConnectionPool(
            new Dialer(new DialerOptions { Socket = options }),
            listener.LocalEndPoint,
            new ConnectionPoolOptions { MaxConnections = 1, DrainTimeout = TimeSpan.Zero });
        Connection? silent = null;
        var start = 0L;
        var error = "none";
        try
        {
            await pool.UseAsync(async (connection, token) =>
            {
                silent = await listener.AcceptAsync(token);
                await DropAllAsync(true);
                start = Stopwatch.GetTimestamp();
                if (asks)
                {
                    await connection.WriteAsync(new byte[1], token);
                }

                await connection.ReadExactlyAsync(new byte[1], token);
            });
        }
        catch (ConnectionException exception)
        {
            error = exception.Error.ToString();
        }

        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        await DropAllAsync(false);
        silent!.Abort();

        // Its place is free for the next.
        await pool.UseAsync(async (_, token) => await (await listener.AcceptAsync(token)).DisposeAsync());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {elapsed:0} {error} {pool.GetStatistics().Dialed}"));
    }

    /// <summary>Has the loopback interface drop every packet, or carry them again: nobody resets or refuses anything.</summary>
    private static async Task DropAllAsync(bool drops)
    {
        using var process = Process.Start("tc", drops ? "qdisc add dev lo root blackhole" : "qdisc delete dev lo root");
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"tc ended with {process.ExitCode}.");
        }
    }
}
