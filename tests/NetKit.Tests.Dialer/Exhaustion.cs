using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests;

/// <summary>Dials with retries in a process that has no descriptor left, until some of the attempts have failed by that.</summary>
internal static class Exhaustion
{
    private const int Failures = 3;

    /// <summary>Prints a line for each attempt: what it came to, and its beginning in milliseconds of the dial.</summary>
    public static async Task RunAsync()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var attempts = new List<DialAttempt>();
        var starts = new List<double>();
        var taken = new List<Socket>();
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        var dialer = new RetryingDialer(
            new Dialer(new DialerOptions { OnAttempt = OnAttempt }),
            new RetryOptions { MaxRetryAttempts = 100, TotalTimeout = TimeSpan.FromSeconds(20), CircuitBreaker = new CircuitBreakerOptions { MinimumThroughput = 1 } });

        // What the later dials use is loaded first, and threads started: both take descriptors, and without them .NET ends the process.
        await WarmUpAsync(dialer, listener.LocalEndPoint);
        await StartAllThreadsAsync();
        attempts.Clear();
        starts.Clear();
        Exhaust();
        began = clock.GetTimestamp();
        await using var connection = await dialer.DialAsync(listener.LocalEndPoint);
        for (var index = 0; index < attempts.Count; index++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{attempts[index].Error?.Error.ToString() ?? "ok"} {starts[index]:0.000}"));
        }

        void OnAttempt(DialAttempt attempt)
        {
            attempts.Add(attempt);
            starts.Add((clock.GetElapsedTime(began) - attempt.Elapsed).TotalMilliseconds);
            if (attempts.Count == Failures && taken.Count > 0)
            {
                taken.ForEach(static socket => socket.Dispose());
            }
        }

        void Exhaust()
        {
            try
            {
                while (true)
                {
                    taken.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
                }
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TooManyOpenSockets)
            {
                // That was the aim.
            }
        }
    }

    /// <summary>Lets the thread pool have as many threads as it will ever have.</summary>
    private static async Task StartAllThreadsAsync()
    {
        await Task.Yield();
        var count = Math.Max(4, Environment.ProcessorCount);
        ThreadPool.SetMinThreads(count, 1);
        ThreadPool.SetMaxThreads(count, 1);
        using var met = new Barrier(count); // this thread is one of them
        for (var others = 1; others < count; others++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static met => met.SignalAndWait(), met, preferLocal: false);
        }

        met.SignalAndWait();
    }

    private static async Task WarmUpAsync(RetryingDialer dialer, EndPoint endPoint)
    {
        await using var connection = await dialer.DialAsync(endPoint);
        using var refusing = new Socket(SocketType.Stream, ProtocolType.Tcp);
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        try
        {
            await using var none = await new RetryingDialer(new Dialer(), new RetryOptions { MaxRetryAttempts = 1 }).DialAsync(refusing.LocalEndPoint!);
        }
        catch (DialException exception)
        {
            _ = exception.ToString();
        }
    }
}
