using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Dialing;

public sealed class HostLookupTests
{
    private static readonly AsyncLocal<string?> s_ambient = new();
    private static readonly IPAddress[] s_addresses = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2")];

    private readonly ConcurrentQueue<Question> _questions = new();
    private readonly HostLookup _lookup;

    public HostLookupTests() => _lookup = new HostLookup((host, token) =>
    {
        var question = new Question(host, s_ambient.Value, token);
        _questions.Enqueue(question);
        return new ValueTask<IReadOnlyList<IPAddress>>(question.Answer.Task);
    });

    [Fact]
    public async Task All_who_wait_for_the_same_host_get_one_answer()
    {
        var asked = Enumerable.Range(0, 10).Select(index => Ask(index % 2 == 0 ? "host" : "HOST")).ToArray();
        var question = await NextQuestion();
        question.Answer.SetResult(s_addresses);
        foreach (var answer in asked)
        {
            Assert.Equal(s_addresses, (await answer.Within()).Addresses);
        }

        Assert.Empty(_questions);
    }

    [Fact]
    public async Task Hosts_are_asked_for_side_by_side()
    {
        var first = Ask("first");
        var second = Ask("second");
        var (one, other) = (await NextQuestion(), await NextQuestion());
        Assert.Equal(["first", "second"], new[] { one.Host, other.Host }.Order());
        one.Answer.SetResult(s_addresses);
        other.Answer.SetResult(s_addresses);
        await Task.WhenAll(first, second).Within();
    }

    [Fact]
    public async Task An_answer_is_not_remembered()
    {
        for (var times = 0; times < 3; times++)
        {
            var asked = Ask("host");
            (await NextQuestion()).Answer.SetResult([s_addresses[times % 2]]);
            Assert.Equal([s_addresses[times % 2]], (await asked.Within()).Addresses);
        }
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_question_to_the_others()
    {
        using var source = new CancellationTokenSource();
        var quitter = Ask("host", source.Token);
        var other = Ask("host");
        var question = await NextQuestion();
        await source.CancelAsync();
        await Fails.ByToken(quitter.Within(), source.Token);
        Assert.False(question.Token.IsCancellationRequested);
        question.Answer.SetResult(s_addresses);
        Assert.Equal(s_addresses, (await other.Within()).Addresses);
        Assert.Empty(_questions);
    }

    [Fact]
    public async Task When_all_have_given_up_the_question_is_cancelled_and_the_next_one_is_a_new_one()
    {
        using var source = new CancellationTokenSource();
        Task[] quitters = [Ask("host", source.Token), Ask("host", source.Token)];
        var old = await NextQuestion();
        await source.CancelAsync();
        foreach (var quitter in quitters)
        {
            await Fails.ByToken(quitter.Within(), source.Token);
        }

        await Waiting.Until(() => old.Token.IsCancellationRequested);
        var asked = Ask("host");
        var question = await NextQuestion();
        old.Answer.SetResult([]);
        question.Answer.SetResult(s_addresses);
        Assert.Equal(s_addresses, (await asked.Within()).Addresses);
    }

    [Fact]
    public async Task A_callback_of_the_resolver_that_throws_when_the_question_is_cancelled_hurts_nobody()
    {
        using var source = new CancellationTokenSource();
        var quitter = Ask("host", source.Token);
        var question = await NextQuestion();
        await using var registration = question.Token.Register(() => throw new InvalidOperationException("on purpose"));
        await source.CancelAsync();
        await Fails.ByToken(quitter.Within(), source.Token);
    }

    [Fact]
    public async Task A_callback_of_the_resolver_that_blocks_when_the_question_is_cancelled_holds_nobody_up()
    {
        using var blocked = new ManualResetEventSlim();
        using var source = new CancellationTokenSource();
        var quitter = Ask("host", source.Token);
        var question = await NextQuestion();
        await using var registration = question.Token.Register(() => blocked.Wait());
        try
        {
            source.CancelAfter(TimeSpan.FromTicks(1));
            await Fails.ByToken(quitter.Within(), source.Token);
        }
        finally
        {
            blocked.Set();
        }
    }

    [Fact]
    public async Task The_ambient_state_of_whoever_asks_first_is_not_lent_to_the_question()
    {
        s_ambient.Value = "mine";
        var asked = Ask("host");
        var question = await NextQuestion();
        Assert.Null(question.Ambient);
        question.Answer.SetResult(s_addresses);
        await asked.Within();
        Assert.Equal("mine", s_ambient.Value);
    }

    [Fact]
    public async Task What_the_resolver_throws_is_the_answer()
    {
        foreach (var thrown in new Exception[] { new SocketException((int)SocketError.TryAgain), new OperationCanceledException(), new InvalidOperationException() })
        {
            var asked = Ask("host");
            (await NextQuestion()).Answer.SetException(thrown);
            var answer = await asked.Within();
            Assert.Same(thrown, answer.Failure);
            Assert.Empty(answer.Addresses);
        }
    }

    [Fact]
    public async Task A_resolver_that_throws_before_it_waits_is_no_different()
    {
        var thrown = new InvalidOperationException();
        var answer = await new HostLookup((_, _) => throw thrown).ResolveAsync("host", CancellationToken.None).Within();
        Assert.Same(thrown, answer.Failure);
    }

    [Fact]
    public async Task Null_is_no_answer()
    {
        foreach (var nothing in new IReadOnlyList<IPAddress>?[] { null, [s_addresses[0], null!] })
        {
            var lookup = new HostLookup((_, _) => ValueTask.FromResult(nothing!));
            var answer = await lookup.ResolveAsync("host", CancellationToken.None).Within();
            Assert.Contains("Resolve returned null", answer.Failure!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_system_knows_localhost()
    {
        var answer = await new HostLookup(null).ResolveAsync("localhost", CancellationToken.None).Within();
        Assert.All(answer.Addresses, address => Assert.True(IPAddress.IsLoopback(address)));
        Assert.NotEmpty(answer.Addresses);
    }

    private Task<HostAnswer> Ask(string host, CancellationToken token = default) => _lookup.ResolveAsync(host, token).AsTask();

    private async Task<Question> NextQuestion()
    {
        Question? question = null;
        await Waiting.Until(() => _questions.TryDequeue(out question));
        return question!;
    }

    private sealed record Question(string Host, string? Ambient, CancellationToken Token)
    {
        public TaskCompletionSource<IReadOnlyList<IPAddress>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
