using System.Text;

namespace NetKit.Samples;

/// <summary>Sends each line and prints what comes back, under one deadline per line.</summary>
internal static class Lines
{
    public static async Task RunAsync(Connection connection, TimeSpan timeout, TextReader input, TextWriter output)
    {
        while (await input.ReadLineAsync() is { } line)
        {
            var message = Encoding.UTF8.GetBytes(line + '\n');
            var echo = new byte[message.Length];
            connection.SetDeadline(Deadline.After(timeout));

            // Both at once: a line longer than the buffers in between comes back before it is sent to the end.
            await Task.WhenAll(
                connection.WriteAsync(message).AsTask(),
                connection.ReadExactlyAsync(echo).AsTask());
            await output.WriteAsync(Encoding.UTF8.GetString(echo));
        }
    }
}
