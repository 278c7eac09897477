using System.Net.Sockets;

namespace NetKit.Tests;

/// <summary>What every exception of the library promises, whatever failed.</summary>
internal static class WellFormed
{
    public static ConnectionException Assert(Exception? exception, ConnectionError error, string operation)
    {
        var failure = Xunit.Assert.IsType<ConnectionException>(exception, exactMatch: false);
        Xunit.Assert.Equal(error, failure.Error);
        Xunit.Assert.Equal(operation, failure.Operation);
        Xunit.Assert.StartsWith(operation, failure.Message, StringComparison.Ordinal);
        Xunit.Assert.Contains(": ", failure.Message, StringComparison.Ordinal);
        if (error is not (ConnectionError.Closed or ConnectionError.DeadlineExceeded))
        {
            Xunit.Assert.True(failure.InnerException is null or SocketException or IOException, "the cause is not from the system");
        }

        return failure;
    }
}
