using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace NetKit.Benchmarks;

/// <summary>Requests a second under wrk: server and generator each on a core of its own, the two transports in turns.</summary>
internal static partial class Throughput
{
    private static readonly int[] s_connections = [64, 512];

    public static void Run(Arguments arguments, string name, bool pipelined)
    {
        var rounds = arguments.Number("rounds", 5);
        var seconds = arguments.Number("seconds", 5);
        var table = new ResultTable(name, "Connections", "Transport", "Requests/s", "vs Kestrel's own (least-most)", "CPU us a request", "p50", "p99");
        var all = new List<object>();
        using var kestrel = new WebPeer(WebServer.Kestrel);
        using var netkit = new WebPeer(WebServer.NetKit);
        WebPeer[] servers = [kestrel, netkit];
        foreach (var connections in s_connections)
        {
            foreach (var server in servers)
            {
                WarmUp(server, connections, pipelined);
            }

            var results = servers.ToDictionary(static server => server, static _ => new List<Load>());
            for (var round = 0; round < rounds; round++)
            {
                // Who goes first has it now better, now worse.
                foreach (var server in round % 2 == 0 ? servers : [netkit, kestrel])
                {
                    var load = Load(server, connections, seconds, pipelined);
                    results[server].Add(load);
                    all.Add(new { connections, server.Transport, round, load.PerSecond, load.CpuMicroseconds });
                    Console.Error.WriteLine($"{connections} {server.Transport}: {load.PerSecond:N0}/s, {load.CpuMicroseconds:N1} us");
                }
            }

            foreach (var server in servers)
            {
                var ratios = results[server].Zip(results[kestrel], static (one, other) => one.PerSecond / other.PerSecond).ToArray();
                table.Add(
                    connections.ToString(CultureInfo.InvariantCulture),
                    server.Transport,
                    ResultTable.Number(Statistics.Median(results[server].Select(static load => load.PerSecond))),
                    server == kestrel ? "1" : string.Create(CultureInfo.InvariantCulture, $"{Statistics.Median(ratios):N2} ({ratios.Min():N2}-{ratios.Max():N2})"),
                    ResultTable.Number(Statistics.Median(results[server].Select(static load => load.CpuMicroseconds)), "N1"),
                    results[server].Select(static load => load.Half).Order().ElementAt(rounds / 2),
                    results[server].Select(static load => load.Most).Order().ElementAt(rounds / 2));
            }
        }

        table.Note(
            $"The same ASP.NET Core app with the text of 13 bytes, HTTP/1.1, keep-alive{(pipelined ? ", 16 requests at a time on each connection" : "")}; medians of {rounds} rounds of {seconds} s, "
            + "interleaved, after each transport has been loaded until it grew no faster; ratios are taken within a round. The server has the first core, wrk the second. CPU is that of the server's process.");
        table.Attach(all);
        table.Save(arguments.CommandOf("benchmarks/Web/run"));
    }

    /// <summary>Loads a server until it grows no faster.</summary>
    /// <remarks>The compiler of the last tier has the server's own core, and under load little of it: that takes many seconds.</remarks>
    private static void WarmUp(WebPeer server, int connections, bool pipelined)
    {
        const int MostLoads = 16;
        const int LoadsWithoutGain = 3;
        var best = 0.0;
        for (int load = 0, since = 0; load < MostLoads && since < LoadsWithoutGain; load++)
        {
            var rate = Load(server, connections, seconds: 2, pipelined).PerSecond;
            since = rate > best * 1.03 ? 0 : since + 1;
            best = Math.Max(best, rate);
        }
    }

    private static Load Load(WebPeer server, int connections, int seconds, bool pipelined)
    {
        string[] script = pipelined ? ["-s", Path.Combine(AppContext.BaseDirectory, "pipelined.lua")] : [];
        var start = new ProcessStartInfo(
            "taskset",
            [
                "-c", "1", "wrk", "-t", "1", "-c", $"{connections}", "-d", $"{seconds}s", "--latency", .. script,
                $"http://127.0.0.1:{server.Port}/plaintext",
            ])
        {
            RedirectStandardOutput = true,
        };
        var before = server.CpuTime;
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var used = server.CpuTime - before;
        if (said.Contains("Non-2xx", StringComparison.Ordinal) || said.Contains("Socket errors", StringComparison.Ordinal))
        {
            Console.Error.WriteLine(said);
        }

        var requests = double.Parse(Requests().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
        return new Load(
            double.Parse(PerSecond().Match(said).Groups[1].Value, CultureInfo.InvariantCulture),
            used.TotalMicroseconds / requests,
            Half().Match(said).Groups[1].Value,
            Most().Match(said).Groups[1].Value);
    }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"50%\s+(\S+)")]
    private static partial Regex Half();

    [GeneratedRegex(@"99%\s+(\S+)")]
    private static partial Regex Most();
}

/// <summary>What wrk said of one load.</summary>
internal sealed record Load(double PerSecond, double CpuMicroseconds, string Half, string Most);
