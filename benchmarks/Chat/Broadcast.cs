using System.Text.Json;

namespace NetKit.Benchmarks;

/// <summary>One run of messages to all clients of a chat. Latencies in milliseconds.</summary>
internal sealed record Broadcast(double PerSecond, double P50, double P99, double Most, double Lost, double CpuMicroseconds, double Megabytes, double Dropped)
{
    public static Broadcast Run(ChatKind kind, int clients, int neverRead, int warmUp, int seconds)
    {
        using var chat = new ChatProcess(kind);
        Load.WarmUp(chat);
        var cpu = chat.Cpu();
        var result = Load.Run(chat, clients + neverRead, 5, seconds, ["--mode", "broadcast", "--senders", "5", "--rate", "20", "--warm-up", $"{warmUp}s", "--never-read", $"{neverRead}"]);
        return new Broadcast(
            Of("perSecond"),
            Of("p50Milliseconds"),
            Of("p99Milliseconds"),
            Of("maxMilliseconds"),
            Of("lost"),
            (chat.Cpu() - cpu).TotalMicroseconds / Of("received"),
            chat.Resident().Most / 1e6,
            Of("droppedUnread"));

        double Of(string name) => result.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : double.NaN;
    }
}
