using System.Diagnostics;

namespace NetKit.Tests;

/// <summary>Runs a program to its end, which is not far.</summary>
internal static class ProcessRun
{
    /// <summary>Runs it; what does not end in time is ended, with all that it started.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> ExecuteAsync(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().Within();
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Runs it and gives the lines that it printed; it must end well.</summary>
    public static async Task<string[]> LinesOfAsync(string program, params IEnumerable<string> arguments)
    {
        var (exitCode, output, errors) = await ExecuteAsync(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {exitCode}: {errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
