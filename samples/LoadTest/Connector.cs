using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;

namespace NetKit.Samples;

/// <summary>Opens connections to the server, from one source address after the other.</summary>
internal sealed class Connector
{
    private readonly LoadSettings _settings;
    private readonly Dialer[] _dialers;

    public Connector(LoadSettings settings)
    {
        _settings = settings;
        _dialers = [.. Enumerable.Range(1, settings.Sources).Select(source => new Dialer(new DialerOptions
        {
            ConnectTimeout = settings.Timeout,
            LocalEndPoint = settings.Sources == 1 ? null : new IPEndPoint(new IPAddress([127, 0, 0, (byte)source]), 0),
            Tls = settings.IsTls ? TlsOptions(settings.IsInsecure) : null,
        }))];
    }

    [SuppressMessage("Security", "CA5359", Justification = "It is what --insecure asks for.")]
    private static SslClientAuthenticationOptions TlsOptions(bool isInsecure) => new()
    {
        RemoteCertificateValidationCallback = isInsecure ? static (_, _, _, _) => true : null,
    };

    public async Task<ILoadConnection> OpenAsync(int number, CancellationToken cancellationToken)
    {
        var connection = await _dialers[number % _dialers.Length].DialAsync(_settings.Target.Host, _settings.Target.Port, cancellationToken);
        try
        {
            if (_settings.IsWebSocket)
            {
                connection.ReadDeadline = connection.WriteDeadline = Deadline.After(_settings.Timeout);
                await WebSocketUpgrade.PerformAsync(connection, _settings.Target, cancellationToken);
                connection.ReadDeadline = connection.WriteDeadline = Deadline.None;
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        connection.WriteTimeout = (int)_settings.Timeout.TotalMilliseconds;
        if (_settings.Mode == LoadMode.Echo)
        {
            connection.ReadTimeout = connection.WriteTimeout;
        }

        return _settings.IsWebSocket ? new WebSocketLoadConnection(connection, Math.Max(4_096, 2 * _settings.Size)) : new TcpLoadConnection(connection, _settings.Size);
    }
}
