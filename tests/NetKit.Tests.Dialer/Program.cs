using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using NetKit;
using NetKit.Tests;

// "exhausted", "denied" and "silence": see there. Else:
// dials in the network that a test has made around this process, and prints a line for each dial: its milliseconds and its attempts.
// Arguments: "tcp" or "tls"; the host's name, or "-"; its addresses, separated by commas, the last of which is good; how many dials.
// With a name the system resolves it, else the addresses are taken as they are. Of "tls", every other address accepts and is silent.
// The last line tells what the framework's own socket has come to in the meantime, which began with the first dial.
switch (args[0])
{
    case "exhausted":
        await Exhaustion.RunAsync();
        return;
    case "denied":
        await Denial.RunAsync(IPAddress.Parse(args[1]));
        return;
    case "silence":
        await Silence.RunAsync();
        return;
}

var isTls = args[0] == "tls";
var addresses = args[2].Split(',').Select(IPAddress.Parse).ToArray();
var dials = int.Parse(args[3], CultureInfo.InvariantCulture);

await using var good = ConnectionListener.Bind(new IPEndPoint(addresses[^1], 0));
var port = ((IPEndPoint)good.LocalEndPoint).Port;
await using var server = new ConnectionServer(good, HandleAsync);
using var stop = new CancellationTokenSource();
var run = server.RunAsync(stop.Token);
var silent = isTls ? addresses[..^1].Select(address => ConnectionListener.Bind(new IPEndPoint(address, port))).ToList() : [];

var attempts = new List<DialAttempt>();
var options = new DialerOptions { OnAttempt = attempts.Add };
if (isTls)
{
    options.Tls = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost };
}

if (args[1] == "-")
{
    options.Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>(addresses);
}

var dialer = new Dialer(options);
var host = new DnsEndPoint(args[1] == "-" ? "host" : args[1], port);

// The first dial of a process compiles what the others use: to the good address alone.
await (await dialer.DialAsync(good.LocalEndPoint)).DisposeAsync();

using var plain = new Socket(SocketType.Stream, ProtocolType.Tcp);
using var plainStop = new CancellationTokenSource();
var plainStart = Stopwatch.GetTimestamp();
var plainDial = args[1] == "-" ? plain.ConnectAsync(addresses, port, plainStop.Token).AsTask() : plain.ConnectAsync(host, plainStop.Token).AsTask();
for (var times = 0; times < dials; times++)
{
    attempts.Clear();
    var start = Stopwatch.GetTimestamp();
    await using var connection = await dialer.DialAsync(host);
    var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    await connection.WriteAsync("!"u8.ToArray());
    await connection.ReadExactlyAsync(new byte[1]);
    attempts.Sort((left, right) => left.Started.CompareTo(right.Started));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{elapsed:0.0} {string.Join("; ", attempts)}"));
}

var (state, plainElapsed) = (plainDial.IsCompleted ? "ended" : "pending", Stopwatch.GetElapsedTime(plainStart));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{state} {plainElapsed.TotalMilliseconds:0.0}"));
await plainStop.CancelAsync();
await Task.WhenAny(plainDial);
foreach (var listener in silent)
{
    await listener.DisposeAsync();
}

await stop.CancelAsync();
await run;

async Task HandleAsync(Connection connection, CancellationToken stopping)
{
    if (isTls)
    {
        connection = await connection.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }, stopping);
    }

    await connection.CopyToAsync(connection, stopping);
    await connection.DisposeAsync();
}
