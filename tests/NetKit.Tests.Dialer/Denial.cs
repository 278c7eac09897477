using System.Net;

namespace NetKit.Tests;

/// <summary>Dials, with retries, an address that the kernel denies access to.</summary>
internal static class Denial
{
    /// <summary>Prints the error, and how often it was tried.</summary>
    public static async Task RunAsync(IPAddress address)
    {
        try
        {
            await using var connection = await new RetryingDialer(new Dialer()).DialAsync(new IPEndPoint(address, 80));
            Console.WriteLine("connected");
        }
        catch (DialException exception)
        {
            Console.WriteLine($"{exception.Error} {exception.Attempts.Count}");
        }
    }
}
