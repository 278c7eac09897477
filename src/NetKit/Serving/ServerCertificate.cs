using System.Net.Security;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Serves the certificate that is in a file, and a new one within a second after the file was replaced.</summary>
/// <remarks>
/// <para>Files are looked at when a client comes, at most twice a second, by what is in them: so it does not matter whether they
/// are written, renamed, or swapped by a symbolic link as in Kubernetes, nor whether certificate and key change together. While
/// they do not go together, or one cannot be read, the certificate from before is served; if that lasts, it is logged,
/// once for each mistake in a row.
/// Nothing runs in the background, and there is nothing to dispose of.</para>
/// <para>Chain and context are made once for each certificate, and clients resume their sessions. Only the file's own
/// intermediate certificates and the system's are used; none are fetched from the network.</para>
/// <para>On Windows, TLS cannot use a key that is in memory only: there it goes through the user's key store, and is deleted
/// when the certificate is no longer in use. On macOS likewise through a temporary keychain.</para>
/// <para>Members may be called from any thread.</para>
/// </remarks>
public sealed class ServerCertificate
{
    // Two looks within the second that a new certificate may take.
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private readonly CertificateFile _file;
    private readonly ILogger _logger;
    private readonly TimeProvider? _timeProvider;
    private readonly Lock _looking = new(); // guards everything below but _context, which it guards for writing
    private SslStreamCertificateContext _context;
    private byte[] _fingerprint;
    private Deadline _nextLook;
    private string? _mistake; // that the last look found; null when all was well
    private string? _logged; // that was logged last; null since all was well

    private ServerCertificate(CertificateFile file, ILoggerFactory? loggerFactory, TimeProvider? timeProvider)
    {
        _file = file;
        _logger = GuardedLogger.Create<ServerCertificate>(loggerFactory);
        _timeProvider = timeProvider;
        using var contents = file.Read();
        _context = contents.Load();
        _fingerprint = contents.Fingerprint;
        _nextLook = Deadline.After(s_interval, timeProvider);
    }

    /// <summary>Gives the certificate as it is now in its file, ready for <see cref="SslServerAuthenticationOptions.ServerCertificateContext"/>.</summary>
    /// <remarks>Reads the file when the last look is half a second old; meanwhile others get what there was. Does not throw.</remarks>
    public SslStreamCertificateContext Current
    {
        get
        {
            if (_looking.TryEnter())
            {
                try
                {
                    LookIfDue();
                }
                finally
                {
                    _looking.Exit();
                }
            }

            return Volatile.Read(ref _context);
        }
    }

    /// <summary>Loads a certificate from PEM files, as Let's Encrypt and Kubernetes write them.</summary>
    /// <param name="certificatePath">The file of the certificate, followed by its intermediate certificates.</param>
    /// <param name="keyPath">The file of the private key. Default (null): the certificate's.</param>
    /// <param name="keyPassword">The key's password. Default (null): it is not encrypted.</param>
    /// <param name="loggerFactory">Where a replaced or broken file is logged. Default (null): nowhere.</param>
    /// <param name="timeProvider">The clock by which the files are looked at. Default (null): the system's.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="CryptographicException">A file has no certificate or no key, or the two do not go together.</exception>
    public static ServerCertificate FromPemFiles(
        string certificatePath,
        string? keyPath = null,
        string? keyPassword = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(certificatePath);
        return new ServerCertificate(CertificateFile.Pem(certificatePath, keyPath ?? certificatePath, keyPassword), loggerFactory, timeProvider);
    }

    /// <summary>Loads a certificate from a PKCS #12 file (.pfx, .p12) that has its private key too.</summary>
    /// <param name="path">The file.</param>
    /// <param name="password">Its password. Default (null): none.</param>
    /// <param name="loggerFactory">Where a replaced or broken file is logged. Default (null): nowhere.</param>
    /// <param name="timeProvider">The clock by which the file is looked at. Default (null): the system's.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="CryptographicException">The file has no certificate with a private key, or the password is wrong.</exception>
    public static ServerCertificate FromPkcs12File(
        string path, string? password = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ServerCertificate(CertificateFile.Pkcs12(path, password), loggerFactory, timeProvider);
    }

    /// <summary>Makes what serves this certificate, for <see cref="ConnectionServerOptions.TlsSelector"/> and for Kestrel's <c>UseHttps</c>.</summary>
    /// <param name="options">All else that the handshake needs, such as application protocols; copied. Default (null): the framework's defaults.</param>
    /// <exception cref="ArgumentException">The options have a certificate of their own.</exception>
    public ServerOptionsSelectionCallback CreateSelector(SslServerAuthenticationOptions? options = null)
    {
        var latest = ServerTls.Copy(options ?? new SslServerAuthenticationOptions());
        if (latest is not { ServerCertificate: null, ServerCertificateContext: null, ServerCertificateSelectionCallback: null })
        {
            throw new ArgumentException("The options have a certificate of their own.", nameof(options));
        }

        return (_, _, _, _) =>
        {
            var current = Current;
            var chosen = Volatile.Read(ref latest);
            if (chosen.ServerCertificateContext != current)
            {
                chosen = ServerTls.Copy(chosen);
                chosen.ServerCertificateContext = current;
                Volatile.Write(ref latest, chosen);
            }

            return new ValueTask<SslServerAuthenticationOptions>(chosen);
        };
    }

    private void LookIfDue()
    {
        if (!_nextLook.HasPassed)
        {
            return;
        }

        _nextLook = Deadline.After(s_interval, _timeProvider);
        try
        {
            using var contents = _file.Read();
            if (!contents.Fingerprint.AsSpan().SequenceEqual(_fingerprint))
            {
                Volatile.Write(ref _context, contents.Load());
                _fingerprint = contents.Fingerprint;
                Log.CertificateReplaced(_logger, _file.Name, _context.TargetCertificate.NotAfter.ToUniversalTime());
            }

            _mistake = _logged = null;
        }
        catch (Exception exception)
        {
            // Once may be a certificate whose key is being written. Twice is somebody's mistake, and so is another one after it.
            if (_mistake is not null && _logged != exception.Message && (_logged is null || _mistake == exception.Message))
            {
                _logged = exception.Message;
                Log.CertificateBroken(_logger, _file.Name, exception);
            }

            _mistake = exception.Message;
        }
    }
}
