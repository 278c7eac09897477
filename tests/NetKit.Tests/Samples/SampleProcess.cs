using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace NetKit.Tests.Samples;

/// <summary>Runs a built sample as its own process, as a user would, and ends it with the test.</summary>
internal sealed partial class SampleProcess : IAsyncDisposable
{
    private const int Sigterm = 15;
    private const int Sigint = 2;

    // Generous: the machine may be busy. No test waits so long unless it is about to fail.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // "Release" or "Debug": what the tests, and the samples with them, were built as.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private readonly Process _process;
    private readonly Lock _gate = new(); // guards _output, _open, _news
    private readonly List<string> _output = [];
    private int _open = 2; // stdout and stderr
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SampleProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, e) => Hear(e.Data);
        _process.ErrorDataReceived += (_, e) => Hear(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Whether a process started from here hears SIGINT: it inherits that it is ignored.</summary>
    public static bool MayBeInterrupted { get; } = !OperatingSystem.IsLinux() || (IgnoredSignals() & (1 << (Sigint - 1))) == 0;

    public int Id => _process.Id;

    /// <summary>Everything the process wrote so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <summary>Starts samples/{name} with the given command line.</summary>
    public static SampleProcess Start(string name, params IEnumerable<string> arguments) => StartIn("samples", name, arguments);

    /// <summary>Starts samples/{name} with so many descriptors at most. On Linux.</summary>
    public static SampleProcess StartStarved(string name, int descriptors, params IEnumerable<string> arguments) =>
        StartAs("prlimit", [$"--nofile={descriptors}:{descriptors}", "dotnet", ProgramOf("samples", name), .. arguments]);

    /// <summary>Starts samples/{name} with a variable of its environment set. Not on Windows.</summary>
    public static SampleProcess StartWith(string variable, string value, string name, params IEnumerable<string> arguments) =>
        StartAs("env", [$"{variable}={value}", "dotnet", ProgramOf("samples", name), .. arguments]);

    /// <summary>Starts tests/{name}, a program made for tests.</summary>
    public static SampleProcess StartTestProgram(string name, params IEnumerable<string> arguments) => StartIn("tests", name, arguments);

    private static SampleProcess StartIn(string folder, string name, IEnumerable<string> arguments) =>
        StartAs("dotnet", [ProgramOf(folder, name), .. arguments]);

    private static SampleProcess StartAs(string program, IEnumerable<string> arguments) => new(new Process
    {
        StartInfo = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        },
    });

    private static string ProgramOf(string folder, string name) =>
        Repository.PathOf(folder, name, "bin", s_configuration, "net10.0", $"{name}.dll");

    /// <summary>Runs samples/{name} to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string name, params string[] arguments)
    {
        await using var sample = Start(name, arguments);
        sample.EndInput();
        return (await sample.ExitAsync(), sample.Output);
    }

    /// <summary>Waits until the output has a match.</summary>
    public async Task<Match> SaysAsync([StringSyntax(StringSyntaxAttribute.Regex)] string pattern)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(s_patience);
        while (true)
        {
            var (news, ended) = News();
            if (Regex.Match(Output, pattern, RegexOptions.Multiline) is { Success: true } match)
            {
                return match;
            }

            if (ended || await Task.WhenAny(news, Task.Delay(Timeout.Infinite, patience.Token)) != news)
            {
                throw new InvalidOperationException($"The sample never said \"{pattern}\". It said:\n{Output}");
            }
        }
    }

    public Task TypeAsync(string line) => _process.StandardInput.WriteLineAsync(line.AsMemory(), TestContext.Current.CancellationToken);

    public void EndInput() => _process.StandardInput.Close();

    public void Terminate() => Signal(Sigterm);

    public void Interrupt() => Signal(Sigint);

    /// <summary>Waits for the end of the process and of its output.</summary>
    public async Task<int> ExitAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException($"The sample did not end. It said:\n{Output}");
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static ulong IgnoredSignals()
    {
        const string Field = "SigIgn:";
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Field, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private void Hear(string? line)
    {
        lock (_gate)
        {
            if (line is null)
            {
                _open--;
            }
            else
            {
                _output.Add(line);
            }

            _news.SetResult();
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private (Task Next, bool Ended) News()
    {
        lock (_gate)
        {
            return (_news.Task, _open == 0);
        }
    }

    private void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
