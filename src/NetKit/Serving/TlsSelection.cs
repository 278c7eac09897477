using System.Net.Security;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Asks a user's selector for the options of a handshake, and neither waits for it beyond the deadline nor blames the client for it.</summary>
internal sealed class TlsSelection(ServerOptionsSelectionCallback selector, ILogger logger, TimeProvider timeProvider)
{
    private static readonly TimeSpan s_logInterval = TimeSpan.FromSeconds(10);

    private readonly OnceAWhile _failureLog = new(s_logInterval, timeProvider);

    /// <summary>Is the callback of a handshake, whose state is the <see cref="HandshakeStream"/> that it runs on.</summary>
    public async ValueTask<SslServerAuthenticationOptions> SelectAsync(
        SslStream stream, SslClientHelloInfo hello, object? state, CancellationToken cancellationToken)
    {
        try
        {
            var choice = selector(stream, hello, state: null, cancellationToken);
            var options = choice.IsCompleted
                ? await choice.ConfigureAwait(false)
                : await ((HandshakeStream)state!).WaitOutsideAsync(choice.AsTask(), cancellationToken).ConfigureAwait(false);
            return options ?? throw new InvalidOperationException("The selector returned null instead of options.");
        }
        catch (Exception exception) when (exception is not AuthenticationException && !cancellationToken.IsCancellationRequested)
        {
            if (_failureLog.IsTime(out var suppressed))
            {
                Log.SelectorFailed(logger, suppressed, exception);
            }

            throw new AuthenticationException("the server's selector failed", exception);
        }
    }
}
