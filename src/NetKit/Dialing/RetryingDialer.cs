using System.Net;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace NetKit;

/// <summary>Dials again when a dial fails, after waits that grow and are drawn at random, and keeps away from endpoints that are down.</summary>
/// <remarks>
/// <para>Each round is a dial of the inner dialer, name resolution included. Retried are failures that may be over the next
/// time: refused, reset, unreachable or silent peers, a resolver that cannot say, and, after 250 ms at least, a machine out of
/// descriptors or ports. A host name that does not exist is tried once more if it existed before. Never retried are denied
/// access, what makes no sense (an address family that is not there), certificates and TLS versions that do not fit, and a
/// circuit that is open.</para>
/// <para>With <see cref="RetryOptions.CircuitBreaker"/>, each endpoint has a circuit, which opens when too many of its dials fail.
/// What is not the peer's fault does not count: the caller's cancellation, local exhaustion, the resolver. An open
/// circuit fails dials at once with <see cref="ConnectionError.CircuitOpen"/> around the failure that opened it, until a single
/// dial may probe the endpoint.</para>
/// <para>A dial that fails tells every attempt of every round, in a <see cref="DialException"/>. Safe to use from several threads at once;
/// holds nothing that has to be disposed of, and remembers at most some thousand endpoints.</para>
/// </remarks>
public sealed class RetryingDialer : IDialer
{
    private static readonly ResiliencePropertyKey<RetriedDial> s_dial = new("NetKit.Dial");

    private readonly IDialer _inner;
    private readonly ResiliencePipeline _pipeline;
    private readonly RetryPolicy? _policy; // null when the pipeline is the user's

    /// <summary>Makes a dialer that retries by NetKit's rules.</summary>
    /// <param name="inner">Dials each round. It should limit the time of a dial, as NetKit's dialer does.</param>
    /// <param name="options">How often, and how patiently. Default (null): the default of each.</param>
    /// <param name="loggerFactory">Where retries, and circuits that open and close, are logged. Default (null): nowhere.</param>
    /// <param name="timeProvider">The clock. Default (null): the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option has a value that makes no sense.</exception>
    public RetryingDialer(
        IDialer inner, RetryOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(inner, options, loggerFactory, timeProvider, Random.Shared)
    {
    }

    /// <summary>Makes a dialer that runs each dial in a pipeline of Polly's.</summary>
    /// <param name="inner">Dials, as often as the pipeline says. It should limit the time of a dial, as NetKit's dialer does.</param>
    /// <param name="pipeline">What it does about failures is its own affair; it sees the <see cref="ConnectionException"/> of each.</param>
    /// <remarks>
    /// NetKit's rules do not apply here. Beware of Polly's defaults: they retry what will not get better, cap waits after
    /// drawing them, and take a cancelled dial for a success. What the pipeline itself fails with is told in a
    /// <see cref="DialException"/>: an open circuit, a timeout, another rejection.
    /// </remarks>
    public RetryingDialer(IDialer inner, ResiliencePipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(pipeline);
        (_inner, _pipeline) = (inner, pipeline);
    }

    /// <summary>Makes a dialer whose random numbers are known, for what must come out the same each time.</summary>
    internal RetryingDialer(IDialer inner, RetryOptions? options, ILoggerFactory? loggerFactory, TimeProvider? timeProvider, Random random)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        var clock = ReferenceEquals(timeProvider, TimeProvider.System) ? null : timeProvider;
        _policy = new RetryPolicy(
            (options ?? RetryOptions.Default).Validated(), random, GuardedLogger.Create<RetryingDialer>(loggerFactory), clock);
        _pipeline = CreatePipeline(_policy);
    }

    /// <summary>Opens a connection, in as many rounds as it takes and is allowed.</summary>
    /// <param name="endPoint">Where to.</param>
    /// <param name="cancellationToken">Ends the dial, in a round or between two; then no connection is left open.</param>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="DialException">No round gave a connection, or the circuit of the endpoint is open.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled. The inner exception is the last failure before that, if any.</exception>
    public async ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        cancellationToken.ThrowIfCancellationRequested();
        var dial = new RetriedDial(_inner, endPoint, _policy, cancellationToken);
        var context = ResilienceContextPool.Shared.Get(dial.Stop);
        try
        {
            context.Properties.Set(s_dial, dial);
            var outcome = await _pipeline.ExecuteOutcomeAsync(
                static (context, dial) => RunRoundAsync(dial, context), context, dial).ConfigureAwait(false);
            if (outcome.Exception is { } exception)
            {
                ExceptionDispatchInfo.Throw(dial.ToException(InOurWords(exception, endPoint)));
            }

            return outcome.Result!;
        }
        finally
        {
            dial.Close();
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static ResiliencePipeline CreatePipeline(RetryPolicy policy)
    {
        if (policy.Options.MaxRetryAttempts == 0)
        {
            return ResiliencePipeline.Empty;
        }

        return new ResiliencePipelineBuilder { TimeProvider = policy.Clock }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = policy.Options.MaxRetryAttempts,
                ShouldHandle = static round => ValueTask.FromResult(
                    round.Outcome.Exception is { } exception && DialOf(round.Context).WantsRetry(exception, round.AttemptNumber)),
                DelayGenerator = static round => ValueTask.FromResult<TimeSpan?>(DialOf(round.Context).NextWait),
                OnRetry = static round =>
                {
                    DialOf(round.Context).TellRetry(round.AttemptNumber + 1, round.Outcome.Exception);
                    return default;
                },
            })
            .Build();
    }

    private static RetriedDial DialOf(ResilienceContext context) => context.Properties.GetValue(s_dial, null!);

    private static async ValueTask<Outcome<Connection>> RunRoundAsync(RetriedDial dial, ResilienceContext context)
    {
        DialRound round = default;
        try
        {
            await dial.UntilNextRoundAsync().ConfigureAwait(false);
            if (dial.Begin(out round) is { } refusal)
            {
                return Outcome.FromException<Connection>(refusal);
            }
        }
        catch (OperationCanceledException exception)
        {
            return Outcome.FromException<Connection>(exception);
        }

        try
        {
            var connection = await dial.RunRoundAsync(round, context.CancellationToken).ConfigureAwait(false);
            dial.Succeeded(round);
            return Outcome.FromResult(connection);
        }
        catch (Exception exception)
        {
            return Outcome.FromException<Connection>(dial.Failed(round, exception));
        }
    }

    /// <summary>Puts what a pipeline fails with of its own accord in our words.</summary>
    private static Exception InOurWords(Exception exception, EndPoint endPoint)
    {
        ConnectionError? error = exception switch
        {
            BrokenCircuitException => ConnectionError.CircuitOpen,
            TimeoutRejectedException => ConnectionError.DeadlineExceeded,
            ExecutionRejectedException => ConnectionError.Unknown,
            _ => null,
        };
        return error is { } named
            ? new ConnectionException(named, "dial", remoteEndPoint: endPoint, innerException: exception, detail: exception.Message)
            : exception;
    }
}
