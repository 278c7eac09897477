using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Serving;

public sealed class ServerCertificateTests : IDisposable
{
    // What a look is apart from the next, and a little.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingLogger _log = new();

    private string CertificatePath => _folder.File("tls.crt");

    private string KeyPath => _folder.File("tls.key");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_pair_of_files_is_served_from_the_next_look_on_and_the_same_context_until_then()
    {
        var certificate = Load(Write("first"));
        var before = certificate.Current;
        Assert.Equal("first", NameOf(before));
        _clock.Advance(s_look);
        Assert.Same(before, certificate.Current);

        Write("second");
        Assert.Same(before, certificate.Current);
        _clock.Advance(s_look - TimeSpan.FromTicks(1));
        Assert.Same(before, certificate.Current);
        _clock.Advance(TimeSpan.FromTicks(1));
        var after = certificate.Current;
        Assert.Equal("second", NameOf(after));
        _clock.Advance(s_look);
        Assert.Same(after, certificate.Current);
        Assert.Equal([221], _log.Entries.Select(static entry => entry.Id));
        Assert.Contains(CertificatePath, _log.Entries.Single().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Between_the_writing_of_certificate_and_key_the_old_pair_is_served(bool certificateFirst)
    {
        var certificate = Load(Write("first"));
        var before = certificate.Current;
        var (text, key) = Certificates.MakePem("second");
        File.WriteAllText(certificateFirst ? CertificatePath : KeyPath, certificateFirst ? text : key);
        _clock.Advance(s_look);
        Assert.Same(before, certificate.Current);
        Assert.Empty(_log.Entries);

        File.WriteAllText(certificateFirst ? KeyPath : CertificatePath, certificateFirst ? key : text);
        _clock.Advance(s_look);
        Assert.Equal("second", NameOf(certificate.Current));
        Assert.Equal([221], _log.Entries.Select(static entry => entry.Id));
    }

    [Fact]
    public void While_the_chain_is_being_written_the_old_pair_is_served()
    {
        var certificate = Load(Write("first"));
        var before = certificate.Current;
        var (text, key) = Certificates.MakePem("second");
        var intermediate = Certificates.MakePem("intermediate").Certificate;
        File.WriteAllText(KeyPath, key);
        File.WriteAllText(CertificatePath, $"{text}\n{intermediate[..(intermediate.Length / 2)]}");
        _clock.Advance(s_look);
        Assert.Same(before, certificate.Current);

        File.WriteAllText(CertificatePath, $"{text}\n{intermediate}\n");
        _clock.Advance(s_look);
        Assert.Equal("second", NameOf(certificate.Current));
    }

    [Fact]
    public void A_swapped_symbolic_link_is_noticed_as_Kubernetes_swaps_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows wants a privilege for symbolic links.");
        WriteTo("..1", "first");
        WriteTo("..2", "second");
        Directory.CreateSymbolicLink(_folder.File("..data"), "..1");
        File.CreateSymbolicLink(CertificatePath, "..data/tls.crt");
        File.CreateSymbolicLink(KeyPath, "..data/tls.key");
        var certificate = Load((CertificatePath, KeyPath));
        Assert.Equal("first", NameOf(certificate.Current));

        Directory.CreateSymbolicLink(_folder.File("..data_tmp"), "..2");
        Rename(_folder.File("..data_tmp"), _folder.File("..data"));
        _clock.Advance(s_look);
        Assert.Equal("second", NameOf(certificate.Current));
    }

    [Fact]
    public void Files_that_stay_broken_are_logged_once_a_mistake_and_the_old_pair_is_served_until_they_are_whole()
    {
        var certificate = Load(Write("first"));
        var before = certificate.Current;
        var mistakes = 0;
        foreach (var (isAnother, breakIt) in new (bool, Action)[]
        {
            (true, () => File.WriteAllText(CertificatePath, "-----BEGIN CERTIFICATE-----\nMIIB")),
            (false, () => File.WriteAllText(CertificatePath, "-----BEGIN CERTIFICATE-----\nMIIC")),
            (true, () => File.WriteAllText(CertificatePath, Certificates.MakePem("second").Certificate)),
            (false, () => File.WriteAllText(KeyPath, Certificates.MakePem("other").Key)),
            (true, () => File.Delete(KeyPath)),
            (true, () => File.WriteAllBytes(KeyPath, [0xFF, 0xFE, 0])),
        })
        {
            breakIt();
            for (var look = 0; look < 4; look++)
            {
                _clock.Advance(s_look);
                Assert.Same(before, certificate.Current);
            }

            mistakes += isAnother ? 1 : 0;
            Assert.Equal(mistakes, _log.Entries.Count);
        }

        Assert.All(_log.Entries, static entry => Assert.Equal(222, entry.Id));
        Assert.Equal(mistakes, _log.Entries.Select(static entry => entry.Exception!.Message).Distinct().Count());
        Write("third");
        _clock.Advance(s_look);
        Assert.Equal("third", NameOf(certificate.Current));
        Assert.Equal(221, _log.Entries.Last().Id);
    }

    [Fact]
    public void What_is_wrong_for_one_look_between_two_mistakes_is_not_logged()
    {
        var certificate = Load(Write("first"));
        Break("-----BEGIN CERTIFICATE-----", looks: 2);
        Assert.Single(_log.Entries);
        Break("nothing", looks: 1);
        Break("-----BEGIN CERTIFICATE-----", looks: 2);
        Assert.Single(_log.Entries);

        Write("second");
        _clock.Advance(s_look);
        Assert.Equal("second", NameOf(certificate.Current));
        Break("-----BEGIN CERTIFICATE-----", looks: 1);
        Assert.Equal([222, 221], _log.Entries.Select(static entry => entry.Id));
        Break("-----BEGIN CERTIFICATE-----", looks: 1);
        Assert.Equal([222, 221, 222], _log.Entries.Select(static entry => entry.Id));

        void Break(string text, int looks)
        {
            File.WriteAllText(CertificatePath, text);
            for (var look = 0; look < looks; look++)
            {
                _clock.Advance(s_look);
                _ = certificate.Current;
            }
        }
    }

    [Fact]
    public void A_key_that_breaks_again_is_logged_again_and_one_bad_look_never_is()
    {
        var certificate = Load(Write("host"));
        var (key, other) = (File.ReadAllText(KeyPath), Certificates.MakePem("other").Key);
        foreach (var looks in new[] { 1, 2, 1, 1, 3 })
        {
            File.WriteAllText(KeyPath, other);
            Look(looks);
            File.WriteAllText(KeyPath, key);
            Look(1);
        }

        Assert.Equal([222, 222], _log.Entries.Select(static entry => entry.Id));

        void Look(int times)
        {
            for (; times > 0; times--)
            {
                _clock.Advance(s_look);
                Assert.Equal("host", NameOf(certificate.Current));
            }
        }
    }

    [Fact]
    public async Task A_look_that_takes_its_time_keeps_nobody_waiting()
    {
        using var release = new ManualResetEventSlim();
        var looking = new TaskCompletionSource();
        var log = new RecordingLogger
        {
            Logging = _ =>
            {
                looking.SetResult();
                release.Wait(CancellationToken.None);
            },
        };
        var (certificatePath, keyPath) = Write("first");
        var certificate = ServerCertificate.FromPemFiles(certificatePath, keyPath, keyPassword: null, log, _clock);
        Write("second");
        _clock.Advance(s_look);
        var slow = Waiting.OnThread(() => certificate.Current);
        await looking.Task.Within();
        var others = Waiting.OnThread(() => certificate.Current);
        try
        {
            Assert.Equal("second", NameOf(await others.Within()));
            Assert.False(slow.IsCompleted);
        }
        finally
        {
            release.Set();
        }

        Assert.Same(await others, await slow.Within());
    }

    [Fact]
    public void Intermediate_certificates_of_the_file_are_served_too_wherever_they_stand()
    {
        var (leaf, intermediate) = Certificates.MakeChain("host");
        using (leaf)
        using (intermediate)
        using (var key = leaf.GetECDsaPrivateKey()!)
        {
            File.WriteAllText(CertificatePath, $"{leaf.ExportCertificatePem()}\n{intermediate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
            AssertServed(ServerCertificate.FromPemFiles(CertificatePath));
            foreach (var all in new X509Certificate2Collection[] { [leaf, intermediate], [intermediate, leaf] })
            {
                File.WriteAllBytes(CertificatePath, all.Export(X509ContentType.Pkcs12)!);
                AssertServed(ServerCertificate.FromPkcs12File(CertificatePath));
            }
        }

        static void AssertServed(ServerCertificate certificate)
        {
            Assert.Equal("host", NameOf(certificate.Current));
            Assert.Equal(["CN=intermediate"], certificate.Current.IntermediateCertificates.Select(static one => one.Subject));
        }
    }

    [Fact]
    public void What_was_in_the_files_is_wiped_from_memory()
    {
        byte[][] bytes = [[1, 2, 3], [4, 5]];
        new CertificateFile.Contents(CertificateFile.Pem(CertificatePath, KeyPath, keyPassword: null), bytes).Dispose();
        Assert.All(bytes, static content => Assert.All(content, static value => Assert.Equal(0, value)));
    }

    [Fact]
    public void What_cannot_be_served_at_all_is_said_when_it_is_loaded()
    {
        Assert.Throws<FileNotFoundException>(() => ServerCertificate.FromPemFiles(CertificatePath, KeyPath));
        var (text, key) = Certificates.MakePem("host");
        File.WriteAllText(CertificatePath, text);
        Assert.Throws<CryptographicException>(() => ServerCertificate.FromPemFiles(CertificatePath));
        File.WriteAllText(KeyPath, Certificates.MakePem("other").Key);
        Assert.Throws<CryptographicException>(() => ServerCertificate.FromPemFiles(CertificatePath, KeyPath));
        File.WriteAllText(KeyPath, key);
        File.WriteAllText(CertificatePath, "nothing");
        Assert.Throws<CryptographicException>(() => ServerCertificate.FromPemFiles(CertificatePath, KeyPath));
        Assert.Throws<CryptographicException>(() => ServerCertificate.FromPkcs12File(CertificatePath));
    }

    [Fact]
    public void It_may_be_one_file_have_an_encrypted_key_or_be_a_PKCS_12_file()
    {
        var (text, key) = Certificates.MakePem("host");
        File.WriteAllText(CertificatePath, text + "\n" + key);
        Assert.Equal("host", NameOf(ServerCertificate.FromPemFiles(CertificatePath).Current));

        using var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(key);
        File.WriteAllText(KeyPath, ecdsa.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1)));
        Assert.Equal("host", NameOf(ServerCertificate.FromPemFiles(CertificatePath, KeyPath, "secret").Current));
        Assert.Throws<CryptographicException>(() => ServerCertificate.FromPemFiles(CertificatePath, KeyPath, "wrong"));

        using var both = X509Certificate2.CreateFromPem(text, key);
        File.WriteAllBytes(CertificatePath, both.Export(X509ContentType.Pkcs12, "secret"));
        var certificate = ServerCertificate.FromPkcs12File(CertificatePath, "secret", timeProvider: _clock);
        Assert.Equal("host", NameOf(certificate.Current));
        Assert.Throws<CryptographicException>(() => ServerCertificate.FromPkcs12File(CertificatePath, "wrong"));
    }

    [Fact]
    public async Task Its_selector_keeps_the_other_options_and_makes_new_ones_for_a_new_certificate_only()
    {
        var certificate = Load(Write("first"));
        var selector = certificate.CreateSelector(new SslServerAuthenticationOptions { ApplicationProtocols = [SslApplicationProtocol.Http2] });
        var options = await SelectAsync();
        Assert.Equal([SslApplicationProtocol.Http2], options.ApplicationProtocols!);
        Assert.Same(certificate.Current, options.ServerCertificateContext);
        Assert.Same(options, await SelectAsync());

        Write("second");
        _clock.Advance(s_look);
        var newer = await SelectAsync();
        Assert.Equal("second", NameOf(newer.ServerCertificateContext!));
        Assert.Equal([SslApplicationProtocol.Http2], newer.ApplicationProtocols!);
        Assert.Throws<ArgumentException>(() => certificate.CreateSelector(newer));

        ValueTask<SslServerAuthenticationOptions> SelectAsync() => selector(null!, default, null, CancellationToken.None);
    }

    [Fact]
    public async Task A_certificate_replaced_under_load_is_served_within_a_second_and_no_connection_is_lost()
    {
        var (certificatePath, keyPath) = Write("first");
        var certificate = ServerCertificate.FromPemFiles(certificatePath, keyPath);
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync, new ConnectionServerOptions { TlsSelector = certificate.CreateSelector() });
        var established = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.DialTlsAsync()));
        using var stop = new CancellationTokenSource();
        var echoing = established.Select(client => EchoUntilAsync(client, stop.Token)).ToArray();
        Assert.Equal("first", await NameServedAsync());

        Write("second");
        var replaced = Stopwatch.GetTimestamp();
        string name;
        do
        {
            // A connection that begins a second after is too late to get the old one.
            var age = Stopwatch.GetElapsedTime(replaced);
            name = await NameServedAsync();
            Assert.True(name == "second" || age < TimeSpan.FromSeconds(1), $"The old certificate was served to a client that came {age} after.");
        }
        while (name != "second");

        for (var count = 0; count < 10; count++)
        {
            Assert.Equal("second", await NameServedAsync());
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(echoing).Within(), static echoes => Assert.True(echoes > 0));

        async Task<string> NameServedAsync()
        {
            await using var client = await server.DialTlsAsync();
            return client.RemoteCertificate!.GetNameInfo(X509NameType.DnsName, forIssuer: false);
        }

        static async Task<int> EchoUntilAsync(TlsConnection client, CancellationToken stop)
        {
            var echoes = 0;
            for (; !stop.IsCancellationRequested; echoes++)
            {
                await RunningServer.AssertEchoes(client);
            }

            return echoes;
        }
    }

    private static string NameOf(SslStreamCertificateContext context) => context.TargetCertificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);

    // Over what is there, as Kubernetes does; the framework will not.
    private static void Rename(string from, string to)
    {
        using var move = Process.Start("mv", ["-T", from, to]);
        move.WaitForExit();
        Assert.Equal(0, move.ExitCode);
    }

    private ServerCertificate Load((string Certificate, string Key) paths) =>
        ServerCertificate.FromPemFiles(paths.Certificate, paths.Key, keyPassword: null, _log, _clock);

    private (string Certificate, string Key) Write(string host)
    {
        var (certificate, key) = Certificates.MakePem(host);
        File.WriteAllText(CertificatePath, certificate);
        File.WriteAllText(KeyPath, key);
        return (CertificatePath, KeyPath);
    }

    private void WriteTo(string folder, string host)
    {
        Directory.CreateDirectory(_folder.File(folder));
        var (certificate, key) = Certificates.MakePem(host);
        File.WriteAllText(_folder.File(Path.Combine(folder, "tls.crt")), certificate);
        File.WriteAllText(_folder.File(Path.Combine(folder, "tls.key")), key);
    }
}
