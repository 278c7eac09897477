namespace NetKit.Tests;

/// <summary>A network of the test's own, where addresses can swallow what is sent to them. Gone at the test's end.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    // A neighbour that is known and does not exist: packets to it leave, and nobody tells that they never arrive.
    private const string Nobody = "02:00:00:00:00:02";

    private readonly string _name = $"netkit-{Guid.NewGuid():N}"[..15];

    private string Configuration => $"/etc/netns/{_name}";

    /// <summary>Makes the network, with the loopback interface up. The test is skipped where the kernel or the user's rights refuse that.</summary>
    public static async Task<NetworkNamespace> CreateAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Network namespaces are Linux's.");
        Assert.SkipUnless(File.Exists("/usr/sbin/ip") || File.Exists("/sbin/ip"), "There is no ip (iproute2).");
        var created = new NetworkNamespace();
        var (exitCode, _, errors) = await ProcessRun.ExecuteAsync("ip", ["netns", "add", created._name]);
        Assert.SkipUnless(exitCode == 0, $"The system makes no network namespace: {errors.Trim()}");
        try
        {
            await created.SetUpAsync("link set lo up");
            await created.SetUpAsync("link add hole type veth peer name dump");
            await created.SetUpAsync("addr add 192.0.2.1/24 dev hole");
            await created.SetUpAsync("addr add 2001:db8::1/64 dev hole nodad");
            await created.SetUpAsync("link set hole up");
            await created.SetUpAsync("link set dump up");
            return created;
        }
        catch
        {
            await created.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes an address of 192.0.2.0/24 or 2001:db8::/64 swallow every packet.</summary>
    public Task BlackholeAsync(string address) => SetUpAsync($"neigh add {address} lladdr {Nobody} dev hole nud permanent");

    /// <summary>Forbids an address: the kernel denies access to it.</summary>
    public Task ProhibitAsync(string address) => SetUpAsync($"route add prohibit {address}");

    /// <summary>Makes an address one of this network's own.</summary>
    public Task AddAddressAsync(string address) => SetUpAsync($"addr add {address} dev lo nodad");

    /// <summary>Gives a name addresses, as the system's resolver sees it.</summary>
    public async Task AddHostAsync(string name, params IEnumerable<string> addresses)
    {
        Directory.CreateDirectory(Configuration);
        await File.AppendAllLinesAsync($"{Configuration}/hosts", addresses.Select(address => $"{address} {name}"));
    }

    /// <summary>Runs a program in the network, and gives the lines that it printed.</summary>
    public Task<string[]> RunAsync(string program, params IEnumerable<string> arguments) =>
        ProcessRun.LinesOfAsync("ip", ["netns", "exec", _name, program, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        await ProcessRun.ExecuteAsync("ip", ["netns", "delete", _name]);
        if (Directory.Exists(Configuration))
        {
            Directory.Delete(Configuration, recursive: true);
        }
    }

    private async Task SetUpAsync(string command)
    {
        var (exitCode, _, errors) = await ProcessRun.ExecuteAsync("ip", ["-n", _name, .. command.Split(' ')]);
        Assert.SkipUnless(exitCode == 0, $"The system does not allow 'ip {command}': {errors.Trim()}");
    }
}
