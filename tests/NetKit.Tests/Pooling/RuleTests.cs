using System.Reflection;
using System.Text.RegularExpressions;
using NetKit.Tests.Architecture;

namespace NetKit.Tests.Pooling;

/// <summary>Rules about the pool's sources: what would go wrong only once in a while, and so is not to be written at all.</summary>
public sealed partial class RuleTests
{
    private static readonly Dictionary<string, string> s_code = Directory.EnumerateFiles(Repository.PathOf("src", "NetKit", "Pooling"), "*.cs")
        .ToDictionary(static path => Path.GetFileName(path), static path => SourceText.CodeOf(File.ReadAllText(path)));

    // What runs under the pool's lock may ask the core, and compute, and give a handle back to its connection. Nothing there waits, closes, logs, completes or calls the user.
    private static readonly string[] s_allowedUnderTheLock =
        ["_core.Return", "_core.TryKeep", "_core.TryTake", "_core.GetStatistics", "happen", "Interlocked.Exchange", "TimeSpan.FromTicks", "Math.Max", "PoolSnapshot", "hot.PutBack", "if", "return"];

    [Fact]
    public void T29_Nothing_runs_under_the_lock_but_the_core()
    {
        var blocks = s_code.Values.SelectMany(BlocksUnderLock).ToArray();
        Assert.True(blocks.Length >= 6, "the rule has lost sight of the locks");
        var called = blocks.SelectMany(static block => CallPattern().Matches(block)).Select(static match => match.Groups[1].Value);
        Assert.Empty(called.Except(s_allowedUnderTheLock));
    }

    [Fact]
    public void T29_An_event_tells_the_core_and_does_nothing_else()
    {
        // Event bodies run under the lock, wherever they are written.
        var events = s_code.Where(static file => file.Key.StartsWith("ConnectionPool.", StringComparison.Ordinal))
            .SelectMany(static file => EventsIn(file.Value)).ToArray();
        Assert.True(events.Length >= 12, $"the rule has lost sight of the events: it sees {events.Length}");
        var called = events.SelectMany(static body => CallPattern().Matches(body)).Select(static match => match.Groups[1].Value);
        Assert.All(called, static call => Assert.True(call.StartsWith("core.", StringComparison.Ordinal) || call == "told.happen", $"{call} runs under the lock"));
    }

    [Fact]
    public void T29_The_core_knows_nothing_that_waits_or_calls_out()
    {
        string[] pure = [.. s_code.Keys.Where(static name => name.StartsWith("PoolCore", StringComparison.Ordinal)), "DialPace.cs", "PoolEffects.cs", "PoolEntry.cs", "PoolList.cs", "PoolWaiter.cs", "PoolDial.cs"];
        Assert.All(pure, static name => Assert.DoesNotMatch(ImpurePattern(), s_code[name]));
    }

    [Fact]
    public void T30_A_registration_is_never_disposed_of_where_that_could_wait_for_its_own_callback()
    {
        // Dispose waits for a callback that runs, and the callback takes the lock. Unregister does not wait.
        var register = s_code.Where(static file => file.Value.Contains("Register(", StringComparison.Ordinal)).Select(static file => file.Key).Order();
        Assert.Equal(["ConnectionPool.Dialing.cs", "PendingAcquire.cs"], register);
        Assert.DoesNotContain("egistration.Dispose", s_code["PendingAcquire.cs"], StringComparison.Ordinal);
        Assert.Contains("_registration.Unregister()", s_code["PendingAcquire.cs"], StringComparison.Ordinal);

        // Awaited, and under no lock: the wait blocks nobody.
        Assert.Contains("await using (cancellationToken.UnsafeRegister(", s_code["ConnectionPool.Dialing.cs"], StringComparison.Ordinal);
        Assert.All(s_code.Values.SelectMany(BlocksUnderLock), static block => Assert.DoesNotContain("egist", block, StringComparison.Ordinal));
    }

    [Fact]
    public void T33_Nobody_can_block_a_thread_to_get_a_connection()
    {
        var members = new[] { typeof(ConnectionPool), typeof(ConnectionLease) }
            .SelectMany(static type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly));
        Assert.All(members, static method => Assert.True(
            method.ReturnType != typeof(ConnectionLease) && !method.Name.Contains("Sync", StringComparison.Ordinal), $"{method.Name} gives a lease at once"));
        Assert.All(s_code, static file => Assert.DoesNotMatch(BlockingPattern(), file.Value));
    }

    [Fact]
    public void T37_Only_the_monotonic_clock_counts() => Assert.All(s_code, static file => Assert.DoesNotMatch(OtherClockPattern(), file.Value));

    private static IEnumerable<string> BlocksUnderLock(string code)
    {
        foreach (Match match in LockPattern().Matches(code))
        {
            var start = code.IndexOf('{', match.Index) + 1;
            var end = start;
            for (var depth = 1; depth > 0; end++)
            {
                depth += code[end] switch { '{' => 1, '}' => -1, _ => 0 };
            }

            yield return code[start..(end - 1)];
        }
    }

    /// <summary>The bodies of the events, each to the end of the lambda: where the argument list that it stands in goes on or ends.</summary>
    private static IEnumerable<string> EventsIn(string code)
    {
        foreach (Match match in EventPattern().Matches(code))
        {
            var start = match.Index + match.Length;
            var end = start;
            for (var depth = 0; depth > 0 || code[end] is not (',' or ')' or ';'); end++)
            {
                depth += code[end] switch { '{' or '(' => 1, '}' or ')' => -1, _ => 0 };
            }

            yield return code[start..end];
        }
    }

    [GeneratedRegex(@"\block \(|\bEnterScope\(|_gate\.Enter\(")]
    private static partial Regex LockPattern();

    [GeneratedRegex(@"\b([A-Za-z_][\w.]*)\s*(?:<[\w, ]+>)?\(")]
    private static partial Regex CallPattern();

    [GeneratedRegex(@"static \(core, [^)]*\) =>")]
    private static partial Regex EventPattern();

    [GeneratedRegex(@"\b(?:await|async|Task|TaskCompletionSource|Timer|TimeProvider|Socket|Connection|Stream|ILogger|Log|Lock|Monitor|CancellationToken|Thread|ThreadPool|Activity)\b")]
    private static partial Regex ImpurePattern();

    [GeneratedRegex(@"\.Result\b|\.Wait\(|GetAwaiter\(\)\.GetResult|BlockingWait|Thread\.Sleep|\.WaitOne|ManualResetEvent|SemaphoreSlim")]
    private static partial Regex BlockingPattern();

    [GeneratedRegex(@"\bDateTime|UtcNow|\bStopwatch\b|TickCount")]
    private static partial Regex OtherClockPattern();
}
