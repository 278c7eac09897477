using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests;

/// <summary>Asserts how an operation fails. There are three ways, and each has one identity.</summary>
internal static class Fails
{
    private static readonly string[] s_operations = ["read", "write", "complete writes", "close", "set", "accept", "listen", "dial", "acquire", "warm up"];

    public static async Task<DeadlineExceededException> AtDeadline(Task operation)
    {
        var exception = await Assert.ThrowsAsync<DeadlineExceededException>(() => operation);
        AssertWellFormed(exception);
        return exception;
    }

    public static Task<DeadlineExceededException> AtDeadline(ValueTask operation) => AtDeadline(operation.AsTask());

    public static Task<DeadlineExceededException> AtDeadline(ValueTask<int> operation) => AtDeadline(operation.AsTask());

    public static Task<ConnectionException> AsClosed(Task operation) => With(ConnectionError.Closed, operation);

    public static Task<ConnectionException> AsClosed(ValueTask operation) => AsClosed(operation.AsTask());

    public static Task<ConnectionException> AsClosed(ValueTask<int> operation) => AsClosed(operation.AsTask());

    public static Task<ConnectionException> AsReset(Task operation) => With(ConnectionError.Reset, operation);

    public static Task<ConnectionException> AsReset(ValueTask<int> operation) => AsReset(operation.AsTask());

    public static async Task ByToken(Task operation, CancellationToken token)
    {
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => operation);
        Assert.Equal(token, exception.CancellationToken);
    }

    public static Task ByToken(ValueTask operation, CancellationToken token) => ByToken(operation.AsTask(), token);

    public static Task ByToken(ValueTask<int> operation, CancellationToken token) => ByToken(operation.AsTask(), token);

    /// <summary>Every failure of a connection is a sentence with all the facts in it.</summary>
    public static void AssertWellFormed(ConnectionException exception)
    {
        Assert.Contains(exception.Operation, s_operations);
        Assert.StartsWith(exception.Operation, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.Contains(": ", exception.Message, StringComparison.Ordinal);
        AssertNamed(exception.LocalEndPoint, exception.Message);
        AssertNamed(exception.RemoteEndPoint, exception.Message);
        Assert.True(exception.Error != ConnectionError.Unknown, $"A failure without a name: {exception}");
        Assert.True(exception.BytesTransferred >= 0);
        if (exception is DialException dial)
        {
            AssertNamesItsAttempts(dial);
            return;
        }

        var isDeadline = exception is DeadlineExceededException;
        Assert.Equal(isDeadline, exception.Error == ConnectionError.DeadlineExceeded);
        Assert.Equal(isDeadline || exception.Error == ConnectionError.TimedOut, exception.InnerException is TimeoutException or SocketException { SocketErrorCode: SocketError.TimedOut });
    }

    /// <summary>A dial fails with what it tried, and blames the preferred address.</summary>
    public static async Task<DialException> AsDial(ConnectionError error, Task<Connection> dial)
    {
        var exception = await Assert.ThrowsAsync<DialException>(() => dial.Within());
        AssertWellFormed(exception);
        AssertBlamesThePreferredAddress(exception);
        Assert.True(exception.Error == error, $"Expected {error}, but: {exception}");
        return exception;
    }

    public static Task<DialException> AsDial(ConnectionError error, ValueTask<Connection> dial) => AsDial(error, dial.AsTask());

    /// <summary>Attempts that went the same way share an entry: each is told by address, beginning and cause.</summary>
    public static void AssertTells(DialAttempt attempt, string message) => Assert.All(
        [attempt.Fate.EndPoint, attempt.Fate.Happened, attempt.Fate.Cause!, DialAttempt.Milliseconds(attempt.Started)],
        part => Assert.Contains(part, message, StringComparison.Ordinal));

    /// <summary>Of one round or of several, or of none when a circuit was open.</summary>
    private static void AssertNamesItsAttempts(DialException exception)
    {
        Assert.Equal(exception.Attempts.OrderBy(attempt => attempt.Started), exception.Attempts);
        foreach (var attempt in exception.Attempts)
        {
            AssertTells(attempt, exception.Message);
            Assert.InRange(attempt.Elapsed, TimeSpan.Zero, Eventually.Bound);
            Assert.True(attempt.Outcome is DialOutcome.Failed or DialOutcome.TimedOut, $"A failed dial has an attempt that {attempt}");
        }

        if (exception.Attempts.Count > 0)
        {
            Assert.Contains(exception.InnerException, exception.Attempts.Select(attempt => attempt.Error));
        }
    }

    /// <summary>Of a dial of one round: the error is that of the first address.</summary>
    public static void AssertBlamesThePreferredAddress(DialException exception)
    {
        Assert.NotEmpty(exception.Attempts);
        Assert.Same(exception.Attempts[0].Error, exception.InnerException);
        Assert.True(
            exception.Error == ConnectionError.DeadlineExceeded || exception.Error == exception.Attempts[0].Error!.Error,
            $"The preferred address is not to blame in: {exception}");
    }

    private static async Task<ConnectionException> With(ConnectionError error, Task operation)
    {
        // The exact type: a deadline is never mistaken for a close.
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => operation);
        AssertWellFormed(exception);
        Assert.True(exception.Error == error, $"Expected {error}, but: {exception}");
        return exception;
    }

    private static void AssertNamed(EndPoint? endPoint, string message)
    {
        if (endPoint is not null)
        {
            Assert.Contains(ErrorSentence.Format(endPoint), message, StringComparison.Ordinal);
        }
    }
}
