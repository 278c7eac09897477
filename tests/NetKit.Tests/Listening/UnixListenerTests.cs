using System.Diagnostics;
using System.Net.Sockets;

namespace NetKit.Tests.Listening;

public sealed class UnixListenerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly UnixDomainSocketEndPoint _endPoint;

    public UnixListenerTests()
    {
        _path = _folder.File("x.sock");
        _endPoint = new UnixDomainSocketEndPoint(_path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_listens_on_a_path_and_deletes_the_file_at_its_close()
    {
        var listener = ConnectionListener.Bind(_endPoint);
        Assert.True(File.Exists(_path));
        Assert.Equal(_path, listener.LocalEndPoint.ToString());
        await AssertReached(listener);
        await listener.DisposeAsync();
        Assert.False(File.Exists(_path));
    }

    [Fact]
    public async Task A_path_that_a_dead_server_left_behind_is_taken_over()
    {
        LeaveStale();
        Assert.True(File.Exists(_path));
        await using var listener = ConnectionListener.Bind(_endPoint);
        await AssertReached(listener);
    }

    [Fact]
    public async Task The_path_of_a_living_server_is_refused_and_the_server_sees_a_client_that_hangs_up()
    {
        await using var living = ConnectionListener.Bind(_endPoint);
        var exception = AssertFails(ConnectionError.AddressInUse);
        Assert.Contains($"unix:{_path}: the address is in use already", exception.Message, StringComparison.Ordinal);

        await using var probe = await living.AcceptAsync(TestContext.Current.CancellationToken).Within();
        Assert.Equal(-1, await Talk.TryReadByteAsync(probe));
        await AssertReached(living);
    }

    [Fact]
    public void A_living_server_whose_backlog_is_full_counts_as_living()
    {
        using var living = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        living.Bind(_endPoint);
        living.Listen(0);
        var clients = new List<Socket>();
        try
        {
            Fill(clients);
            AssertFails(ConnectionError.AddressInUse);
            Assert.True(File.Exists(_path));
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("precious")]
    public void A_regular_file_in_the_way_is_never_deleted(string content)
    {
        File.WriteAllText(_path, content);
        var exception = AssertFails(ConnectionError.AddressInUse);
        Assert.Contains("not a socket", exception.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(_path));
    }

    [Fact]
    public void A_folder_in_the_way_is_never_deleted()
    {
        Directory.CreateDirectory(_path);
        AssertFails(ConnectionError.AddressInUse);
        Assert.True(Directory.Exists(_path));
    }

    [Fact]
    public async Task A_pipe_in_the_way_is_neither_deleted_nor_waited_for()
    {
        await Process.Start("mkfifo", [_path]).WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        var bind = Task.Run(() => Record.Exception(() => ConnectionListener.Bind(_endPoint)), TestContext.Current.CancellationToken);
        try
        {
            WellFormed.Assert(await bind.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken), ConnectionError.AddressInUse, "listen");
            Assert.True(File.Exists(_path));
        }
        finally
        {
            // Lets go of an open that waits for a writer.
            using var writer = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite);
            await bind.Within();
        }
    }

    [Fact]
    public async Task A_link_in_the_way_is_never_deleted_nor_is_what_it_leads_to()
    {
        var target = _folder.File("target");
        await File.WriteAllTextAsync(target, "precious", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(_path, target);
        AssertFails(ConnectionError.AddressInUse);
        Assert.Equal("precious", await File.ReadAllTextAsync(_path, TestContext.Current.CancellationToken));

        File.Delete(_path);
        File.CreateSymbolicLink(_path, _folder.File("nowhere"));
        AssertFails(ConnectionError.AddressInUse);
        Assert.NotNull(new FileInfo(_path).LinkTarget);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    public async Task The_mode_says_who_may_connect(UnixFileMode mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using var listener = ConnectionListener.Bind(_endPoint, new ListenerOptions { UnixSocketMode = mode });
        Assert.Equal(mode, ModeOf(_path));
        await AssertReached(listener);
    }

    [Fact]
    public async Task An_abstract_name_has_no_file_and_is_free_after_the_close()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Abstract names are Linux's.");
        var endPoint = new UnixDomainSocketEndPoint($"\0netkit-{Guid.NewGuid()}");
        for (var times = 0; times < 3; times++)
        {
            await using var listener = ConnectionListener.Bind(endPoint, new ListenerOptions { UnixSocketMode = UnixFileMode.UserRead });
            Assert.Equal(endPoint.ToString(), listener.LocalEndPoint.ToString());
            await AssertReached(listener);
            WellFormed.Assert(Record.Exception(() => ConnectionListener.Bind(endPoint)), ConnectionError.AddressInUse, "listen");
        }
    }

    [Fact]
    public async Task The_same_path_can_be_used_again_and_again()
    {
        for (var times = 0; times < 10; times++)
        {
            await using var listener = ConnectionListener.Bind(_endPoint);
            await AssertReached(listener);
        }
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_denied()
    {
        Assert.SkipUnless(Directory.Exists("/sys/kernel"), "There is no place here that even root cannot write.");
        AssertFails(ConnectionError.AccessDenied, new UnixDomainSocketEndPoint("/sys/kernel/netkit.sock"));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_told_in_one_exception() =>
        AssertFails(ConnectionError.AddressNotAvailable, new UnixDomainSocketEndPoint(_folder.File("missing/x.sock")));

    [Fact]
    public async Task A_failed_bind_leaves_no_file_behind()
    {
        var options = new ListenerOptions { Socket = { Configure = _ => throw new InvalidOperationException("on purpose") } };
        ConnectionListener? listener = null;
        _ = Record.Exception(() => listener = ConnectionListener.Bind(_endPoint, options));
        await (listener?.DisposeAsync() ?? ValueTask.CompletedTask);
        Assert.False(File.Exists(_path));
    }

    private ConnectionException AssertFails(ConnectionError error, UnixDomainSocketEndPoint? endPoint = null) =>
        WellFormed.Assert(Record.Exception(() => ConnectionListener.Bind(endPoint ?? _endPoint)), error, "listen");

    private static async Task AssertReached(ConnectionListener listener)
    {
        await using var client = Connection.FromSocket(await Dial.SocketAsync(listener));
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        await Talk.AssertBothWays(client, server);
    }

    private void Fill(List<Socket> clients)
    {
        for (var count = 0; count < 1_000; count++)
        {
            var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            clients.Add(client);
            try
            {
                client.Connect(_endPoint);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
            {
                return;
            }
        }

        Assert.Fail("The backlog never filled up.");
    }

    // Closed by its descriptor, as by the death of its process: the runtime would delete the file.
    private void LeaveStale()
    {
        var code = $"import socket; socket.socket(socket.AF_UNIX).bind('{_path}')";
        using var server = Process.Start("python3", ["-c", code]);
        server.WaitForExit();
    }

    private static UnixFileMode ModeOf(string path) =>
        OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);
}
